//! Sends honest requests first. A gateway that does not pass them would pass every test.

use anyhow::{Context, bail, ensure};

use super::records::RecordsClient;
use crate::answer::Reply;
use crate::canary::{Canary, Role};
use crate::exchange::Exchange;
use crate::target::{Routes, Target};

/// The results of the honest requests.
pub(super) struct Probed {
    pub(super) run: u16,
    pub(super) routes: Routes,
    pub(super) http2: bool,
}

/// A group number that no plan has.
const GROUP: u8 = u8::MAX;

pub(super) async fn probe(target: &Target, records: &RecordsClient) -> anyhow::Result<Probed> {
    ensure!(
        !target.protected.is_empty(),
        "there is no protected path to test"
    );
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let run = u16::try_from(now.as_millis() % u128::from(u16::MAX))?;
    records.clear().await?;
    let mut exchange = Exchange::new(target.gateway, target.limit);
    let mut routes = Routes::default();
    let protected = target
        .protected
        .iter()
        .map(|protected| (protected.path.as_str(), Some(protected.token.as_str())));
    let public = target.public.iter().map(|path| (path.as_str(), None));
    for (index, (path, token)) in (0..).zip(protected.chain(public)) {
        let canary = Canary {
            role: Role::Case,
            run,
            group: GROUP,
            index,
        };
        let reply = exchange
            .send(&target.get(path, token, canary).request(false))
            .await?;
        let with = if token.is_some() {
            "with its token"
        } else {
            "without a token"
        };
        check(&reply, canary).with_context(|| {
            format!("GET {path} {with} does not reach the echo, so the gateway cannot be tested")
        })?;
        let all = records.all().await?;
        let handler = all
            .iter()
            .find(|record| record.case == canary.to_string())
            .and_then(|record| record.handler.clone());
        match token {
            Some(token) => {
                let handler = handler.with_context(|| {
                    format!(
                        "GET {path} reaches the echo at a path without a handler; start the echo \
                         with --handler PATTERN"
                    )
                })?;
                routes
                    .by_token
                    .entry(token.to_owned())
                    .or_default()
                    .insert(handler);
            }
            None => routes.public.extend(handler),
        }
    }
    let first = target
        .protected
        .first()
        .context("there is no protected path to test")?;
    let canary = Canary {
        role: Role::Case,
        run,
        group: GROUP,
        index: u32::MAX >> 8,
    };
    let reply = exchange
        .send(
            &target
                .get(&first.path, Some(&first.token), canary)
                .request(true),
        )
        .await?;
    Ok(Probed {
        run,
        routes,
        http2: check(&reply, canary).is_ok(),
    })
}

fn check(reply: &Reply, canary: Canary) -> anyhow::Result<()> {
    match reply {
        Reply::Answer(answer) if Canary::find(&answer.body) == Some(canary) => Ok(()),
        Reply::Answer(answer) => bail!(
            "the gateway answers {}: {}; it must pass x-conformance-case to the echo, and the \
             echo's answer back",
            answer.status,
            String::from_utf8_lossy(answer.body.get(..200).unwrap_or(&answer.body))
        ),
        Reply::Closed => bail!("the gateway closes the connection"),
        Reply::Silent => bail!("the gateway does not answer in time"),
    }
}
