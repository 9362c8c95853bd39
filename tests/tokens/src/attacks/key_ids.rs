use portcullis_token::Reason::{
    IssuerNotAllowed, KeyIdInvalid, KeyUnknown, KeysUnavailable, SignatureInvalid, TokenTooLarge,
};
use serde_json::{Value, json};

use crate::attacks::case::{Family, Judge};
use crate::attacks::draft::Draft;
use crate::issuer::{KEY_ID, Keys};

const INVENTED: &[&str] = &[
    "../../../../dev/null",
    "/dev/null",
    "/proc/sys/kernel/randomize_va_space",
    "..\\..\\windows\\win.ini",
    "file:///dev/null",
    "http://127.0.0.1/key",
    "' OR '1'='1",
    "' UNION SELECT 'secret'--",
    "x'; DROP TABLE keys;--",
    "\" OR \"\"=\"",
    "*)(uid=*))(|(uid=*",
    "*",
    "%",
    "|/usr/bin/id",
    "$(id)",
    "`id`",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/a}",
    "a\r\nX-User-OID: b",
    "a\nb",
    "a\0",
    "\0",
    " ",
    "\u{feff}",
    "\u{202e}KEXg",
    "🔑",
    "null",
    "undefined",
    "0",
    "k",
    "attacker",
    "nOo3ZDrODXEK1jKWhXslHR_KXEg ",
    " nOo3ZDrODXEK1jKWhXslHR_KXEg",
    "nOo3ZDrODXEK1jKWhXslHR_KXEg\0",
    "nOo3ZDrODXEK1jKWhXslHR_KXE",
    "nOo3ZDrODXEK1jKWhXslHR_KXEgg",
    "noo3zdrodxek1jkwhxslhr_kxeg",
    "NOO3ZDRODXEK1JKWHXSLHR_KXEG",
    "nOo3ZDrODXEK1jKWhXslHR%5FKXEg",
    "nOo3ZDrODXEK1jKWhXslHR-KXEg",
    "nОo3ZDrODXEK1jKWhXslHR_KXEg",
];

/// Ids of published keys that cannot verify a signature.
const UNUSABLE: &[&str] = &[
    "twice",
    "encryption",
    "signs-only",
    "for-ps256",
    "for-hs256",
    "secret",
    "private",
    "exponent-one",
    "short",
];

pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("kid");
    for draft in Draft::all() {
        family.bearer(draft.name, &draft.signed(&keys.good), None);
        let mut spoil = |kid: Value, expected| {
            let token = draft.header("kid", kid.clone()).signed(&keys.good);
            let text = kid.to_string();
            let short: String = text.chars().take(60).collect();
            let name = format!("{} {short} of {} bytes", draft.name, text.len());
            family.bearer(name, &token, expected);
        };
        for kid in INVENTED.iter().chain(UNUSABLE) {
            spoil(json!(kid), KeyUnknown);
        }
        for kid in [
            json!(null),
            json!(7),
            json!(0),
            json!(true),
            json!([KEY_ID]),
            json!({"kid": KEY_ID}),
            json!([]),
            json!(1.5),
        ] {
            spoil(kid, KeyIdInvalid);
        }
        for (length, expected) in [
            (0, KeyIdInvalid),
            (256, KeyUnknown),
            (257, KeyIdInvalid),
            (8192, KeyIdInvalid),
            (65536, TokenTooLarge),
        ] {
            spoil(json!("k".repeat(length)), expected);
        }
        spoil(json!("foreign"), IssuerNotAllowed);
        spoil(json!("other-cloud"), IssuerNotAllowed);
        others(&mut family, keys, &draft);
    }
    family
}

fn others(family: &mut Family, keys: &Keys, draft: &Draft) {
    let name = |what: &str| format!("{} {what}", draft.name);
    let own_cloud = draft.header("kid", "own-cloud").signed(&keys.good);
    family.bearer(name("key of this cloud"), &own_cloud, None);
    let foreign = draft.header("kid", "foreign").signed(&keys.foreign);
    family.bearer(name("key of another issuer"), &foreign, IssuerNotAllowed);
    family.bearer(
        name("good kid, other key"),
        &draft.signed(&keys.foreign),
        SignatureInvalid,
    );
    family.bearer(
        name("good kid, attacker's key"),
        &draft.signed(&keys.attacker),
        SignatureInvalid,
    );
    let absent = draft.without_header("kid");
    family.bearer(name("absent"), &absent.signed(&keys.good), KeyIdInvalid);
    family.bearer(
        name("Kid"),
        &absent.header("Kid", KEY_ID).signed(&keys.good),
        KeyIdInvalid,
    );
    family.bearer(
        name("x5t instead"),
        &absent.header("x5t", KEY_ID).signed(&keys.good),
        KeyIdInvalid,
    );
    family.bearer(
        name("keys unavailable"),
        &draft.claim("jti", "1").signed(&keys.good),
        KeysUnavailable,
    );
    family.judged_by(Judge::WithoutKeys);
}
