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

/// Returns good tokens in other spellings: bytes have one valid base64url spelling.
pub(super) fn alphabet(keys: &Keys) -> Family {
    let mut family = Family::new("encoding: alphabet");
    for draft in Draft::all() {
        let token = draft.signed(&keys.good);
        family.bearer(draft.name, &token, None);
        family.token(
            format!("{} without a header", draft.name),
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

/// Returns the token with every other value of the unused low bits of a part's last character.
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

/// Returns tokens with other numbers of parts, and in other serializations of JWS and JWE.
pub(super) fn serializations(keys: &Keys) -> Family {
    let mut family = Family::new("encoding: serializations");
    for draft in Draft::all() {
        let token = draft.signed(&keys.good);
        family.bearer(draft.name, &token, None);
        let parts: Vec<&str> = token.split('.').collect();
        let header = parts[0];
        let claims = parts[1];
        let signature = parts[2];
        let mut deny = |what: &str, token: String, expected| {
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
            deny("parts", spoilt, expected);
        }
        deny(
            "no signature",
            format!("{header}.{claims}."),
            SignatureInvalid,
        );
        deny(
            "nested",
            sign(
                &keys.good,
                draft.header("cty", "JWT").header.to_string(),
                &token,
            ),
            TokenMalformed,
        );
        // DEFLATE of one stored block. A verifier must not decompress unverified bytes.
        let stored = [&[1, 2, 0, 0xfd, 0xff][..], b"{}"].concat();
        deny(
            "zip",
            sign(
                &keys.good,
                draft.header("zip", "DEF").header.to_string(),
                stored,
            ),
            TokenMalformed,
        );
        encrypted(&draft, &mut deny);
        in_json(&mut family, &draft, [header, claims, signature]);
    }
    family
}

/// Adds JWEs, which have five parts.
///
/// With three parts, the token is a JWS with a forbidden algorithm. A high PBES2 count (`p2c`) must
/// cause no work.
fn encrypted(draft: &Draft, deny: &mut impl FnMut(&str, String, portcullis_token::Reason)) {
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
        deny(
            alg,
            format!("{}.{}.AAAA.AAAA.AAAA", encode(&header), encode(b"key")),
            TokenMalformed,
        );
        deny(
            alg,
            format!("{}..AAAA.AAAA.AAAA", encode(&header)),
            TokenMalformed,
        );
        deny(
            alg,
            join(&header, draft.claims.to_string(), b"tag"),
            AlgorithmNotAllowed,
        );
    }
}

/// Adds JSON serializations, and strings that are both JSON and compact (CVE-2022-39227).
fn in_json(family: &mut Family, draft: &Draft, [header, claims, signature]: [&str; 3]) {
    let forged = encode(draft.claim("roles", json!(["Admin"])).claims.to_string());
    let flat = json!({"protected": header, "payload": claims, "signature": signature}).to_string();
    let general =
        json!({"payload": claims, "signatures": [{"protected": header, "signature": signature}]})
            .to_string();
    let none = json!({"payload": claims, "signatures": []}).to_string();
    let polyglot = format!(
        "{{\"  {header}.{forged}.\":\"\",\"protected\":\"{header}\",\
         \"payload\":\"{claims}\",\"signature\":\"{signature}\"}}"
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
