use portcullis_token::MAX_TOKEN_LENGTH;
use portcullis_token::Reason::{
    AuthorizationAmbiguous, AuthorizationMalformed, TokenMalformed, TokenMissing, TokenTooLarge,
};

use crate::attacks::case::{Family, Presented};
use crate::attacks::draft::Draft;
use crate::issuer::Keys;

/// Malformed lines. `TOKEN` stands for a good token.
const MALFORMED: &[&str] = &[
    "TOKEN",
    "BearerTOKEN",
    "Bearer  TOKEN",
    "Bearer   TOKEN",
    "Bearer\tTOKEN",
    "Bearer \tTOKEN",
    "Bearer\t TOKEN",
    " Bearer TOKEN",
    "\tBearer TOKEN",
    "Bearer: TOKEN",
    "Bearer=TOKEN",
    "Bearer= TOKEN",
    "Basic TOKEN",
    "Digest TOKEN",
    "DPoP TOKEN",
    "Token TOKEN",
    "JWT TOKEN",
    "Negotiate TOKEN",
    "MAC TOKEN",
    "Bear TOKEN",
    "Bearerx TOKEN",
    "xBearer TOKEN",
    "Bearer Bearer TOKEN",
    "Authorization: Bearer TOKEN",
    "\"Bearer TOKEN\"",
    "Bearer \"TOKEN\"",
    "Bearer 'TOKEN'",
    "Bearer <TOKEN>",
    "Bearer token=TOKEN\0",
    "Bearer TOKEN ",
    "Bearer TOKEN\t",
    "Bearer TOKEN\r",
    "Bearer TOKEN\n",
    "Bearer TOKEN\r\n",
    "Bearer TOKEN\0",
    "Bearer TOKEN x",
    "Bearer TOKEN;",
    "Bearer TOKEN;q=1",
    "Bearer TOKEN\r\n ",
    "Bearer\r\n TOKEN",
    "Bearer \r\n TOKEN",
    "Bearer\u{a0}TOKEN",
    "Bearer\u{2003}TOKEN",
    "Вearer TOKEN",
    "Ｂearer TOKEN",
    "Bearer \u{feff}TOKEN",
    "Bearer TOKENé",
    "Bearer TOKEN%20",
    "Bearer TOKEN\u{7f}",
    "\0Bearer TOKEN",
    "Bearer\0TOKEN",
    "Bearer \u{200b}TOKEN",
    "Bearer (comment) TOKEN",
    "Bearer TOKEN Bearer x",
];

/// Lines that may have two values.
const AMBIGUOUS: &[&str] = &[
    "Bearer TOKEN,",
    "Bearer TOKEN, ",
    ",Bearer TOKEN",
    "Bearer ,TOKEN",
    "Bearer TOKEN,Bearer x",
    "Bearer x,Bearer TOKEN",
    "Bearer x, Bearer TOKEN",
    "Basic YTpi, Bearer TOKEN",
    "Bearer TOKEN, Basic YTpi",
    "Bearer realm=\"a\", TOKEN",
    ", TOKEN",
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
        let mut deny = |line: &str, expected| {
            family.line(
                format!("{} {line:?}", draft.name),
                line.replace("TOKEN", &token),
                expected,
            );
        };
        for line in MALFORMED {
            deny(line, AuthorizationMalformed);
        }
        for line in AMBIGUOUS {
            deny(line, AuthorizationAmbiguous);
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
