use portcullis_token::MAX_TOKEN_LENGTH;
use portcullis_token::Reason::{
    AuthorizationAmbiguous, AuthorizationMalformed, TokenMalformed, TokenMissing, TokenTooLarge,
};

use crate::attacks::case::{Family, Presented};
use crate::attacks::draft::Draft;
use crate::issuer::Keys;

/// What stands before and after a good token in a malformed line.
const MALFORMED: &[(&str, &str)] = &[
    ("", ""),
    ("Bearer", ""),
    ("Bearer  ", ""),
    ("Bearer   ", ""),
    ("Bearer\t", ""),
    ("Bearer \t", ""),
    ("Bearer\t ", ""),
    (" Bearer ", ""),
    ("\tBearer ", ""),
    ("Bearer: ", ""),
    ("Bearer=", ""),
    ("Bearer= ", ""),
    ("Basic ", ""),
    ("Digest ", ""),
    ("DPoP ", ""),
    ("Token ", ""),
    ("JWT ", ""),
    ("Negotiate ", ""),
    ("MAC ", ""),
    ("Bear ", ""),
    ("Bearerx ", ""),
    ("xBearer ", ""),
    ("Bearer Bearer ", ""),
    ("Authorization: Bearer ", ""),
    ("\"Bearer ", "\""),
    ("Bearer \"", "\""),
    ("Bearer '", "'"),
    ("Bearer <", ">"),
    ("Bearer token=", "\0"),
    ("Bearer ", " "),
    ("Bearer ", "\t"),
    ("Bearer ", "\r"),
    ("Bearer ", "\n"),
    ("Bearer ", "\r\n"),
    ("Bearer ", "\0"),
    ("Bearer ", " x"),
    ("Bearer ", ";"),
    ("Bearer ", ";q=1"),
    ("Bearer ", "\r\n "),
    ("Bearer\r\n ", ""),
    ("Bearer \r\n ", ""),
    ("Bearer\u{a0}", ""),
    ("Bearer\u{2003}", ""),
    ("Вearer ", ""),
    ("Ｂearer ", ""),
    ("Bearer \u{feff}", ""),
    ("Bearer ", "é"),
    ("Bearer ", "%20"),
    ("Bearer ", "\u{7f}"),
    ("\0Bearer ", ""),
    ("Bearer\0", ""),
    ("Bearer \u{200b}", ""),
    ("Bearer (comment) ", ""),
    ("Bearer ", " Bearer x"),
];

const AMBIGUOUS: &[(&str, &str)] = &[
    ("Bearer ", ","),
    ("Bearer ", ", "),
    (",Bearer ", ""),
    ("Bearer ,", ""),
    ("Bearer ", ",Bearer x"),
    ("Bearer x,Bearer ", ""),
    ("Bearer x, Bearer ", ""),
    ("Basic YTpi, Bearer ", ""),
    ("Bearer ", ", Basic YTpi"),
    ("Bearer realm=\"a\", ", ""),
    (", ", ""),
];

pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("Authorization line");
    for draft in Draft::all() {
        let token = draft.signed(&keys.good);
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            family.line(
                format!("{} {scheme}", draft.name),
                format!("{scheme} {token}"),
                None,
            );
        }
        for (table, expected) in [
            (MALFORMED, AuthorizationMalformed),
            (AMBIGUOUS, AuthorizationAmbiguous),
        ] {
            for (before, after) in table {
                let line = format!("{before}{token}{after}");
                family.line(
                    format!("{} {before:?} {after:?}", draft.name),
                    line,
                    expected,
                );
            }
        }
        for bytes in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xe9"] {
            let line = [b"Bearer ", token.as_bytes(), bytes].concat();
            family.line(
                format!("{} {bytes:?}", draft.name),
                line,
                AuthorizationMalformed,
            );
        }
        several(&mut family, &draft, &token);
        long(&mut family, &draft, &token);
    }
    for (line, expected) in [
        ("Bearer", AuthorizationMalformed),
        ("Bearer ", AuthorizationMalformed),
        ("", AuthorizationMalformed),
        (" ", AuthorizationMalformed),
        (",", AuthorizationAmbiguous),
        ("Bearer .", TokenMalformed),
    ] {
        family.line(format!("{line:?}"), line, expected);
    }
    // A verifier reads tokens only from `Authorization`, not from a query or a cookie.
    family.presented("no line", Presented::Lines(Vec::new()), TokenMissing);
    family
}

fn several(family: &mut Family, draft: &Draft, token: &str) {
    let good = format!("Bearer {token}").into_bytes();
    for (what, other) in [
        ("same", good.clone()),
        ("empty", Vec::new()),
        ("bad", b"Bearer x".to_vec()),
        ("basic", b"Basic YTpi".to_vec()),
    ] {
        for lines in [
            vec![good.clone(), other.clone()],
            vec![other.clone(), good.clone()],
            vec![other.clone(), good.clone(), other.clone()],
        ] {
            let name = format!("{} {} lines {what}", draft.name, lines.len());
            family.presented(name, Presented::Lines(lines), AuthorizationAmbiguous);
        }
    }
}

/// Adds tokens around the length limit and far beyond it, in a line and alone.
fn long(family: &mut Family, draft: &Draft, token: &str) {
    for length in [MAX_TOKEN_LENGTH + 1, 24 * 1024, 60 * 1024, 1 << 20] {
        let padded = format!("{token}{}", "A".repeat(length - token.len()));
        family.bearer(
            format!("{} {length} bytes", draft.name),
            &padded,
            TokenTooLarge,
        );
        family.token(
            format!("{} {length} bytes", draft.name),
            padded,
            TokenTooLarge,
        );
    }
    for length in [8 * 1024, MAX_TOKEN_LENGTH] {
        let padded = format!("{token}.{}", "A".repeat(length - token.len() - 1));
        family.bearer(
            format!("{} {length} bytes", draft.name),
            &padded,
            TokenMalformed,
        );
    }
}
