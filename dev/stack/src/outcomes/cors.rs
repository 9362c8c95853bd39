//! CORS: only the gateway decides which origins may read responses.

use http::Method;

use super::{Row, Rows};
use crate::{Answer, Stack};

const APP: &str = "http://localhost:3000";

pub(super) async fn rows(stack: &Stack) -> anyhow::Result<Vec<Row>> {
    struct Case {
        origin: &'static str,
        expected: &'static str,
    }

    let mut rows = Rows::default();
    stack.forget_upstream_bytes();
    for Case { origin, expected } in [
        Case {
            origin: APP,
            expected: "200, allows http://localhost:3000",
        },
        Case {
            origin: "https://evil.example",
            expected: "200, allows no origin",
        },
    ] {
        let request = stack
            .http()
            .request(Method::OPTIONS, format!("{}/api/tasks", stack.gateway()));
        let request = request
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST");
        let answer =
            Answer::to(request.header("Access-Control-Request-Headers", "authorization")).await?;
        rows.add(
            format!("preflight from {origin}"),
            expected,
            allowed(&answer),
        );
    }
    let reached = stack
        .upstream_bytes()
        .iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .count();
    rows.add(
        "services that saw the preflights",
        "0 services",
        format!("{reached} services"),
    );
    for Case { origin, expected } in [
        Case {
            origin: APP,
            expected: "401 token_missing, allows http://localhost:3000",
        },
        Case {
            origin: "https://evil.example",
            expected: "401 token_missing, allows no origin",
        },
    ] {
        let answer = Answer::to(
            stack
                .http()
                .get(format!("{}/api/me", stack.gateway()))
                .header("Origin", origin),
        )
        .await?;
        rows.add(format!("a denial to {origin}"), expected, allowed(&answer));
    }
    Ok(rows.done())
}

fn allowed(answer: &Answer) -> String {
    let origin = answer.header("access-control-allow-origin");
    format!(
        "{}, allows {}",
        answer.outcome(),
        if origin.is_empty() {
            "no origin"
        } else {
            origin
        }
    )
}
