//! Redirect URIs that look like a registered one, for `/authorize` and `/logout`.

use super::expected::Expected;
use super::{CONTOSO, Row, authorize_path, changed, spa_request};

/// Not registered. The directory has `http://localhost` at each port, and `/native` there.
const URIS: [(&str, &str); 58] = [
    ("other host", "https://evil.example/"),
    ("other host with a port", "http://evil.example:3000/"),
    ("user", "http://localhost@evil.example/"),
    ("user and password", "http://localhost:3000@evil.example/"),
    ("user of localhost", "http://evil@localhost:3000/"),
    ("empty user", "http://@localhost:3000/"),
    (
        "user by an encoded at sign",
        "http://localhost%40evil.example/",
    ),
    (
        "backslash and user",
        r"http://localhost:3000\@evil.example/",
    ),
    ("backslashes after the scheme", r"http:\\localhost:3000\"),
    ("backslash as a path", r"http://localhost:3000\evil"),
    ("backslashes", r"\\evil.example\"),
    ("slash and backslash", r"/\evil.example"),
    ("no scheme", "//evil.example/"),
    ("three slashes", "///evil.example/"),
    ("relative", "/evil"),
    ("one slash after the scheme", "http:/localhost:3000/"),
    ("no slash after the scheme", "http:localhost:3000/"),
    ("four slashes after the scheme", "http:////localhost:3000/"),
    ("scheme in upper case", "HTTP://localhost:3000/"),
    ("scheme in mixed case", "hTtP://localhost:3000/"),
    ("host in upper case", "http://LOCALHOST:3000/"),
    ("other scheme", "https://localhost:3000/"),
    ("script", "javascript:alert(1)"),
    ("script in mixed case", "JaVaScRiPt:alert(1)"),
    ("script with a host", "javascript://localhost/%0aalert(1)"),
    ("data", "data:text/html,<script>alert(1)</script>"),
    ("file", "file:///etc/passwd"),
    ("tab before", "\thttp://localhost:3000/"),
    ("tab in the host", "http://local\thost:3000/"),
    ("tab in the scheme", "ht\ttp://localhost:3000/"),
    ("line feed in the host", "http://local\nhost:3000/"),
    ("CR LF after", "http://localhost:3000/\r\n"),
    (
        "header after CR LF",
        "http://localhost:3000/\r\nSet-Cookie: evil=1",
    ),
    ("NUL after", "http://localhost:3000/\0"),
    ("space before", " http://localhost:3000/"),
    ("space after", "http://localhost:3000/ "),
    ("space in the host", "http://local host:3000/"),
    ("trailing dot", "http://localhost.:3000/"),
    ("longer host", "http://localhost.evil.example/"),
    ("longer host without a dot", "http://localhostevil.example/"),
    ("full-width letters", "http://ｌｏｃａｌｈｏｓｔ:3000/"),
    ("ideographic full stop", "http://localhost。evil.example/"),
    ("soft hyphen", "http://local\u{ad}host:3000/"),
    ("zero-width space", "http://local\u{200b}host:3000/"),
    ("encoded letter of the host", "http://%6cocalhost:3000/"),
    ("loopback address", "http://127.0.0.1:3000/"),
    ("short loopback address", "http://127.1:3000/"),
    ("IPv6 loopback address", "http://[::1]:3000/"),
    ("port beyond 65535", "http://localhost:65536/"),
    ("port with a sign", "http://localhost:+80/"),
    ("no number as a port", "http://localhost:3000evil/"),
    ("empty port", "http://localhost:/"),
    ("dot as a path", "http://localhost:3000/./"),
    ("path back to the root", "http://localhost:3000/evil/.."),
    ("encoded dots", "http://localhost:3000/evil/%2e%2e/"),
    ("encoded slash", "http://localhost:3000/%2Fevil.example"),
    (
        "two slashes as a path",
        "http://localhost:3000//evil.example",
    ),
    ("fragment", "http://localhost:3000/#evil"),
];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, uri) in URIS {
        let encoded: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        rows.push(Row::get(
            format!("authorize, redirect URI: {name}"),
            &authorize_path(&changed(&spa_request(), "redirect_uri", &encoded)),
            Expected::Page(&[50011]),
        ));
        let query = format!("post_logout_redirect_uri={encoded}&state=s");
        rows.push(Row::get(
            format!("logout, redirect URI: {name}"),
            &format!("/{CONTOSO}/oauth2/v2.0/logout?{query}"),
            Expected::SignedOut,
        ));
    }
    rows
}
