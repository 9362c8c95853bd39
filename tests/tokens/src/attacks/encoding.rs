use portcullis_token::Reason::{
    AlgorithmNotAllowed, AuthorizationAmbiguous, AuthorizationMalformed, SignatureInvalid,
    TokenMalformed,
};
use serde_json::json;

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{Keys, encode, join, sign};

/// Characters that lenient decoders drop or translate.
const STRANGERS: &[&str] = &[
    "=", "==", "+", "/", "~", " ", "\t", "\n", "\r\n", "\0", "%3D", "%2E", "-_=", "é", "\u{200b}",
    "\"", "{", ":", ";", "\\", "*", "&", "#",
];

/// Other spellings of the same bytes: a token has one.
pub(super) fn alphabet(keys: &Keys) -> Family {
    let mut family = Family::new("encoding: alphabet");
    for draft in Draft::all() {
        let token = draft.signed(&keys.good);
        family.bearer(draft.name, &token, None);
        family.token(
            format!("{} by another way", draft.name),
            token.clone(),
            None,
        );
        let ends = [
            token.find('.').unwrap(),
            token.rfind('.').unwrap(),
            token.len(),
        ];
        let places = ends.into_iter().chain([0, 10, ends[0] + 1, ends[1] + 1]);
        for place in places {
            for stranger in STRANGERS {
                let mut spoilt = token.clone();
                spoilt.insert_str(place, stranger);
                family.token(
                    format!("{} {stranger:?} at {place}", draft.name),
                    spoilt,
                    TokenMalformed,
                );
            }
        }
        for part in 0..3 {
            for (bits, spoilt) in other_trailing_bits(&token, part) {
                let expected = if part == 2 && bits == 0 {
                    SignatureInvalid
                } else {
                    TokenMalformed
                };
                family.bearer(
                    format!("{} trailing bits of part {part} {bits}", draft.name),
                    &spoilt,
                    expected,
                );
            }
        }
    }
    family
}

/// The token with the unused low bits of a part's last character set in every other way.
fn other_trailing_bits(token: &str, part: usize) -> Vec<(usize, String)> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let parts: Vec<&str> = token.split('.').collect();
    let unused = match parts[part].len() % 4 {
        2 => 16,
        3 => 4,
        _ => 1,
    };
    let (kept, last) = parts[part].split_at(parts[part].len() - 1);
    let digit = ALPHABET.find(last).unwrap();
    let changed = (1..unused).map(|bits| {
        let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        parts[part] = format!("{kept}{}", &ALPHABET[digit + bits..=digit + bits]);
        (bits, parts.join("."))
    });
    changed.collect()
}

/// Other numbers of parts, and the other serializations of JWS and JWE.
pub(super) fn serializations(keys: &Keys) -> Family {
    let mut family = Family::new("encoding: serializations");
    for draft in Draft::all() {
        let token = draft.signed(&keys.good);
        family.bearer(draft.name, &token, None);
        let parts: Vec<&str> = token.split('.').collect();
        let (header, claims, signature) = (parts[0], parts[1], parts[2]);
        let mut refuse = |what: &str, token: String, expected| {
            family.bearer(
                format!("{} {what} {}", draft.name, token.len()),
                &token,
                expected,
            );
        };
        for spoilt in [
            header.to_owned(),
            format!("{header}.{claims}"),
            format!("{header}{claims}{signature}"),
            format!("{token}.{signature}"),
            format!("{token}.{claims}.{signature}"),
            format!("{token}.{token}"),
            format!("{token}."),
            format!(".{token}"),
            format!("..{signature}"),
            format!(".{claims}.{signature}"),
            format!("{header}..{signature}"),
            "..".to_owned(),
            ".".to_owned(),
            "....".to_owned(),
            format!("{header}.{claims}..{signature}"),
            format!("{claims}.{header}.{signature}"),
            format!("{header}.{header}.{signature}.x"),
            format!("{token}.a.b.c"),
            "x".to_owned(),
            format!("{header}.{claims}.{signature}="),
        ] {
            let expected = if spoilt.starts_with(claims) {
                AlgorithmNotAllowed
            } else {
                TokenMalformed
            };
            refuse("parts", spoilt, expected);
        }
        refuse(
            "no signature",
            format!("{header}.{claims}."),
            SignatureInvalid,
        );
        refuse(
            "nested",
            sign(
                &keys.good,
                draft.header("cty", "JWT").header.to_string(),
                &token,
            ),
            TokenMalformed,
        );
        // DEFLATE of one stored block: nobody may decompress what is not yet verified.
        let stored = [&[1, 2, 0, 0xfd, 0xff][..], b"{}"].concat();
        refuse(
            "zip",
            sign(
                &keys.good,
                draft.header("zip", "DEF").header.to_string(),
                stored,
            ),
            TokenMalformed,
        );
        encrypted(&draft, &mut refuse);
        in_json(&mut family, &draft, [header, claims, signature]);
    }
    family
}

/// JWE has five parts; with three it is a JWS of a forbidden algorithm, however much work it asks
/// for.
fn encrypted(draft: &Draft, refuse: &mut impl FnMut(&str, String, portcullis_token::Reason)) {
    for alg in [
        "dir",
        "RSA-OAEP",
        "RSA-OAEP-256",
        "RSA1_5",
        "A256KW",
        "ECDH-ES",
        "PBES2-HS256+A128KW",
    ] {
        let header = draft
            .header("alg", alg)
            .header("enc", "A256GCM")
            .header("p2c", 2_147_483_647)
            .header("zip", "DEF");
        let header = header.header.to_string();
        refuse(
            alg,
            format!("{}.{}.AAAA.AAAA.AAAA", encode(&header), encode(b"key")),
            TokenMalformed,
        );
        refuse(
            alg,
            format!("{}..AAAA.AAAA.AAAA", encode(&header)),
            TokenMalformed,
        );
        refuse(
            alg,
            join(&header, draft.claims.to_string(), b"tag"),
            AlgorithmNotAllowed,
        );
    }
}

/// JSON serializations, and texts that are both (CVE-2022-39227).
fn in_json(family: &mut Family, draft: &Draft, [header, claims, signature]: [&str; 3]) {
    let forged = encode(draft.claim("roles", json!(["Admin"])).claims.to_string());
    let flat = json!({"protected": header, "payload": claims, "signature": signature}).to_string();
    let general =
        json!({"payload": claims, "signatures": [{"protected": header, "signature": signature}]})
            .to_string();
    let none = json!({"payload": claims, "signatures": []}).to_string();
    let polyglot = format!(
        "{{\"  {header}.{forged}.\":\"\",\"protected\":\"{header}\",\"payload\":\"{claims}\",\"signature\":\"{signature}\"}}"
    );
    for (what, text) in [
        ("flattened", flat),
        ("general", general),
        ("no signatures", none),
        ("both", polyglot),
    ] {
        let name = format!("{} {what}", draft.name);
        family.bearer(name.clone(), &text, AuthorizationAmbiguous);
        family.bearer(format!("{name} encoded"), &encode(&text), TokenMalformed);
        family.bearer(
            format!("{name} one member"),
            &text.replace(',', " "),
            AuthorizationMalformed,
        );
        family.token(name, text, TokenMalformed);
    }
}
