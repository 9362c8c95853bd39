//! Requests of a given size.

use anyhow::ensure;
use dev_stack::{Answer, Stack};
use reqwest::Client;

pub(super) const PATH: &str = "/api/me";
/// Fields that the client library adds: `accept: */*` and `authorization`.
pub(super) const OF_CLIENT: usize = 2;
pub(super) const KIB: usize = 1024;

/// The size of a request: header fields, bytes of all fields, and bytes of the path.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) headers: usize,
    pub(super) bytes: usize,
    pub(super) path: usize,
}

pub(super) const SMALL: Shape = Shape {
    headers: OF_CLIENT,
    bytes: 0,
    path: PATH.len(),
};

pub(super) async fn send(
    stack: &Stack,
    client: &Client,
    token: &str,
    shape: Shape,
) -> anyhow::Result<Answer> {
    let query = shape.path.saturating_sub(PATH.len());
    let query = if query == 0 {
        String::new()
    } else {
        format!("?{}", "q".repeat(query - 1))
    };
    let path = format!("{PATH}{query}");
    let mut request = client
        .get(format!("{}{path}", stack.gateway()))
        .bearer_auth(token);
    let fillers: Vec<String> = (OF_CLIENT..shape.headers)
        .map(|number| format!("x-f{number:02}"))
        .collect();
    let authority = stack.gateway_address().to_string();
    // Envoy counts names and values, without the scheme of HTTP/2.
    let usual = [
        (":authority", authority.as_str()),
        (":method", "GET"),
        (":path", &path),
        ("accept", "*/*"),
    ];
    let usual: usize = usual
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    let authorization = "authorization".len() + "Bearer ".len() + token.len();
    let names: usize = fillers.iter().map(String::len).sum();
    let mut filling = shape.bytes.saturating_sub(usual + authorization + names);
    ensure!(
        shape.bytes == 0 || !fillers.is_empty(),
        "a shape with bytes needs a header to fill"
    );
    for name in fillers {
        request = request.header(name, "v".repeat(std::mem::take(&mut filling)));
    }
    Answer::to(request).await
}
