//! Other letters for one path, and other forms of a target.

/// Spellings of `path` in other cases, with escapes, and with similar letters.
pub(super) fn respelt(path: &str) -> Vec<(&'static str, String)> {
    let mut all = vec![("upper case", path.to_ascii_uppercase())];
    let escape = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<Vec<_>>()
            .concat()
    };
    for (at, character) in path.char_indices() {
        let (before, rest) = path.split_at(at);
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        let one = escape(rest.get(..character.len_utf8()).unwrap_or_default());
        all.push((
            "one letter in upper case",
            format!("{before}{}{after}", character.to_ascii_uppercase()),
        ));
        all.push(("one letter escaped", format!("{before}{one}{after}")));
        all.push((
            "one letter escaped, in upper case",
            format!("{before}{}{after}", one.to_ascii_uppercase()),
        ));
        all.push((
            "one letter escaped twice",
            format!("{before}{}{after}", one.replace('%', "%25")),
        ));
        all.push(("one letter left out", format!("{before}{after}")));
    }
    all.push(("every byte escaped", escape(path)));
    all.push((
        "every byte but slashes escaped",
        path.split('/').map(escape).collect::<Vec<_>>().join("/"),
    ));
    // U+017F and U+212A fold to `s` and `k`.
    all.push((
        "letters that fold to ASCII",
        path.replace('s', "\u{17f}").replace('k', "\u{212a}"),
    ));
    all.push((
        "escaped letters that fold to ASCII",
        path.replace('s', "%c5%bf").replace('k', "%e2%84%aa"),
    ));
    all.push(("letters of double width", path.replace('a', "\u{ff41}")));
    all
}

/// The four forms of a target (RFC 9112 §3.2), and strings that look like one.
pub(super) fn forms(path: &str, host: &str) -> Vec<(&'static str, String)> {
    let rest = path.strip_prefix('/').unwrap_or(path);
    vec![
        ("absolute form", format!("http://{host}{path}")),
        ("absolute form, https", format!("https://{host}{path}")),
        (
            "absolute form, upper case",
            format!("HTTP://{}{path}", host.to_ascii_uppercase()),
        ),
        (
            "absolute form, another host",
            format!("http://other.example{path}"),
        ),
        ("absolute form, no host", format!("http://{path}")),
        ("absolute form, one slash", format!("http:{path}")),
        ("absolute form, user", format!("http://a:b@{host}{path}")),
        (
            "absolute form, a path that is a host",
            format!("http://{host}/{path}"),
        ),
        ("absolute form, backslash", format!("http://{host}\\{rest}")),
        (
            "absolute form, dot segments",
            format!("http://{host}/a/..{path}"),
        ),
        ("absolute form, query", format!("http://{host}?{path}")),
        ("absolute form, fragment", format!("http://{host}#{path}")),
        (
            "absolute form, another scheme",
            format!("ftp://{host}{path}"),
        ),
        ("absolute form, file", format!("file://{path}")),
        ("a host without a scheme", format!("//{host}{path}")),
        ("authority form", format!("{host}:80")),
        ("asterisk form", "*".to_owned()),
        ("asterisk with a path", format!("*{path}")),
        ("no slash", rest.to_owned()),
        ("only a query", format!("?{path}")),
        ("only a fragment", format!("#{path}")),
        ("a query", format!("{path}?a=b")),
        ("a query with dot segments", format!("{path}?a=/../../")),
        ("a path in a query", format!("/?/..{path}")),
        ("a fragment", format!("{path}#x")),
        ("a fragment with a query", format!("{path}#x?a=b")),
        ("a path behind a fragment", format!("/#/..{path}")),
        ("an escaped fragment", format!("{path}%23x")),
        ("an escaped query", format!("{path}%3fa=b")),
        ("one slash more at the beginning", format!("/{path}")),
        ("every slash doubled", path.replace('/', "//")),
        ("every slash a backslash", path.replace('/', "\\")),
        (
            "every slash but the first a backslash",
            format!("/{}", rest.replace('/', "\\")),
        ),
        ("every slash escaped", path.replace('/', "%2f")),
        (
            "every slash but the first escaped",
            format!("/{}", rest.replace('/', "%2f")),
        ),
        ("a blank before the path", format!(" {path}")),
        ("a version behind the path", format!("{path} HTTP/1.1")),
    ]
}
