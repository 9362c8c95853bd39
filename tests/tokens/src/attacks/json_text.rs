use portcullis_token::Reason::{ClaimInvalid, TokenMalformed, TokenTooLarge};

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{Keys, sign};

/// Strings that no JSON parser may accept as a value.
const NO_VALUES: &[&str] = &[
    "NaN",
    "-NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e400",
    "0x10",
    "01",
    "+1",
    ".5",
    "1.",
    "1e",
    "1_000",
    "--1",
    "'x'",
    "\"x",
    "undefined",
    "True",
    "nil",
    "[1,]",
    "{\"a\":1,}",
    "{a:1}",
    "[1",
    "{\"a\"}",
    "/**/1",
    "1//",
    r#""\ud800""#,
    r#""\udc00""#,
    r#""\udc00\ud800""#,
    r#""\ud800\u0041""#,
    r#""\x41""#,
    r#""\u00g0""#,
    r#""\u12""#,
    "\"a\nb\"",
    "\"a\u{0}b\"",
    "\"\t\"",
];

/// Bytes that are not UTF-8, for the inside of a string.
const NO_TEXT: &[&[u8]] = &[
    b"\xff",
    b"\xfe\xff",
    b"\xc0\x80",
    b"\xc1\x81",
    b"\xe0\x80\xaf",
    b"\xed\xa0\x80",
    b"\xed\xb0\x80",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xc3",
    b"\x80",
];

pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("JSON");
    for draft in Draft::all() {
        let header = draft.header.to_string();
        let claims = draft.claims.to_string();
        family.bearer(draft.name, &draft.signed(&keys.good), None);
        let mut in_both = |what: String, spoil: &dyn Fn(&str) -> Vec<u8>| {
            let token = sign(&keys.good, spoil(&header), &claims);
            family.bearer(
                format!("{} header {what}", draft.name),
                &token,
                TokenMalformed,
            );
            let token = sign(&keys.good, &header, spoil(&claims));
            family.bearer(
                format!("{} claims {what}", draft.name),
                &token,
                TokenMalformed,
            );
        };
        for value in NO_VALUES {
            in_both((*value).to_owned(), &|text| {
                with_extra(text, value.as_bytes())
            });
        }
        for bytes in NO_TEXT {
            in_both(format!("{bytes:?}"), &|text| {
                with_extra(text, &[b"\"", *bytes, b"\""].concat())
            });
        }
        for (what, spoil) in WHOLE {
            in_both((*what).to_owned(), &|text| spoil(text));
        }
        bad_times(&mut family, keys, &draft);
        depths(&mut family, keys, &draft);
    }
    family
}

fn with_extra(object: &str, value: &[u8]) -> Vec<u8> {
    [
        object.trim_end_matches('}').as_bytes(),
        b",\"extra\":",
        value,
        b"}",
    ]
    .concat()
}

type Spoil = fn(&str) -> Vec<u8>;

/// Changes to a whole object.
const WHOLE: &[(&str, Spoil)] = &[
    ("UTF-16 LE", |text| {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }),
    ("UTF-16 BE", |text| {
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    }),
    ("UTF-16 with mark", |text| {
        [0xfeff]
            .into_iter()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect()
    }),
    ("UTF-32 LE", |text| {
        text.chars()
            .flat_map(|char| u32::from(char).to_le_bytes())
            .collect()
    }),
    ("UTF-32 BE", |text| {
        text.chars()
            .flat_map(|char| u32::from(char).to_be_bytes())
            .collect()
    }),
    ("UTF-8 with mark", |text| {
        format!("\u{feff}{text}").into_bytes()
    }),
    ("mark after", |text| format!("{text}\u{feff}").into_bytes()),
    ("trailing letter", |text| format!("{text}x").into_bytes()),
    ("trailing NUL", |text| format!("{text}\0").into_bytes()),
    ("leading NUL", |text| format!("\0{text}").into_bytes()),
    ("twice", |text| format!("{text}{text}").into_bytes()),
    ("twice in lines", |text| {
        format!("{text}\n{text}").into_bytes()
    }),
    ("in a list", |text| format!("[{text}]").into_bytes()),
    ("as a string", |text| {
        serde_json::Value::from(text).to_string().into_bytes()
    }),
    ("comment", |text| format!("{text}/**/").into_bytes()),
    ("line comment", |text| format!("{text}//").into_bytes()),
    ("unguarded", |text| format!("while(1);{text}").into_bytes()),
    ("cut", |text| text.trim_end_matches('}').as_bytes().to_vec()),
    ("closed twice", |text| format!("{text}}}").into_bytes()),
    ("single quotes", |text| text.replace('"', "'").into_bytes()),
    ("no-break space", |text| {
        format!("{text}\u{a0}").into_bytes()
    }),
    ("form feed", |text| format!("\u{c}{text}").into_bytes()),
    ("null", |_| b"null".to_vec()),
    ("true", |_| b"true".to_vec()),
    ("number", |_| b"1".to_vec()),
    ("string", |_| b"\"x\"".to_vec()),
    ("empty list", |_| b"[]".to_vec()),
    ("nothing", |_| Vec::new()),
    ("blanks", |_| b"  ".to_vec()),
    ("zeros", |_| vec![0; 32]),
];

/// Adds times that a parser must not round, wrap or saturate.
fn bad_times(family: &mut Family, keys: &Keys, draft: &Draft) {
    for text in [
        "-1",
        "-0",
        "-1800003600",
        "1800003600.0",
        "1800003600.5",
        "1.8000036e9",
        "18000036e2",
        "1e18",
        "1e308",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "340282366920938463463374607431768211456",
        "253402300800",
        "\"1800003600\"",
        "\"\"",
        "\"never\"",
        "[1800003600]",
        "{}",
        "null",
        "true",
        "false",
    ] {
        for name in ["exp", "nbf", "iat"] {
            let token = sign(
                &keys.good,
                draft.header.to_string(),
                draft.claims_with(name, text),
            );
            family.bearer(
                format!("{} {name} {text}", draft.name),
                &token,
                ClaimInvalid,
            );
        }
    }
}

fn depths(family: &mut Family, keys: &Keys, draft: &Draft) {
    for (depth, expected) in [
        (100, None),
        (128, Some(TokenMalformed)),
        (1000, Some(TokenMalformed)),
        (4000, Some(TokenMalformed)),
        (10_000, Some(TokenTooLarge)),
    ] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let token = sign(
            &keys.good,
            draft.header.to_string(),
            draft.claims_with("extra", &nested),
        );
        family.bearer(format!("{} depth {depth}", draft.name), &token, expected);
        let token = sign(
            &keys.good,
            draft.header_with("extra", &nested),
            draft.claims.to_string(),
        );
        family.bearer(
            format!("{} header depth {depth}", draft.name),
            &token,
            expected,
        );
    }
}
