//! Sends a gadget, the next request on its connection, and a request of another client. Each must
//! get its own answer or none.

use std::collections::BTreeSet;

use crate::answer::{Answer, Reply};
use crate::canary::{Canary, Role};
use crate::case::{Setting, Wire};
use crate::exchange::Exchange;
use crate::plan::{Made, Manner};
use crate::run::tally::Tally;

/// Answers to the gadget, its passenger and the next request, and one unexpected answer.
const MOST_ANSWERS: usize = 4;

pub(super) async fn attempt(
    exchange: &mut Exchange,
    made: &Made,
    manner: Manner,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let canary = made.setting.canary;
    let next = honest(&made.setting, Role::Next);
    let (first, answers) = match &made.case.wire {
        Wire::Http1(bytes) => over_http1(exchange, bytes, &next, manner).await?,
        Wire::Http2(parts) => {
            let mut connection = exchange.open_http2().await?;
            let first = connection.exchange(parts, exchange.deadline()).await;
            let mut answers: Vec<Answer> = first.answer().cloned().into_iter().collect();
            if let Wire::Http2(next) = next.request(true)
                && connection.is_usable()
            {
                answers.extend(
                    connection
                        .exchange(&next, exchange.deadline())
                        .await
                        .answer()
                        .cloned(),
                );
            }
            (first, answers)
        }
    };
    tally.count(&first);
    let expected = [canary, canary.with_role(Role::Next)];
    if let Some(wrong) = wrong_answer(&answers, &expected) {
        tally.wrong.push((
            canary.index,
            format!("the client got the answer to {wrong}"),
        ));
    }
    let other = honest(&made.setting, Role::Other);
    let reply = exchange.send(&other.request(false)).await?;
    let own = reply
        .answer()
        .is_some_and(|answer| Canary::find(&answer.body) == Some(other.canary));
    if !own {
        tally.wrong.push((
            canary.index,
            format!(
                "another client did not get its own answer, but {}",
                describe(&reply)
            ),
        ));
    }
    Ok(())
}

async fn over_http1(
    exchange: &Exchange,
    bytes: &[u8],
    next: &Setting,
    manner: Manner,
) -> anyhow::Result<(Reply, Vec<Answer>)> {
    let Wire::Http1(next_bytes) = next.request(false) else {
        return Ok((Reply::Closed, Vec::new()));
    };
    let mut connection = exchange.open_http1().await?;
    let deadline = exchange.deadline();
    let first = match manner {
        Manner::Afterwards => {
            connection.send(bytes, deadline).await;
            let first = connection.answer(deadline).await;
            if !connection.is_closing() {
                connection.send(&next_bytes, exchange.deadline()).await;
            }
            first
        }
        Manner::AtOnce => {
            connection
                .send(&[bytes, &next_bytes].concat(), deadline)
                .await;
            connection.answer(deadline).await
        }
    };
    let mut answers: Vec<Answer> = first.answer().cloned().into_iter().collect();
    while !connection.is_closing() && answers.len() < MOST_ANSWERS {
        let reply = connection.answer(exchange.deadline()).await;
        let Reply::Answer(answer) = reply else { break };
        let is_last = Canary::find(&answer.body) == Some(next.canary);
        answers.push(answer);
        if is_last {
            break;
        }
    }
    Ok((first, answers))
}

fn honest(setting: &Setting, role: Role) -> Setting {
    Setting {
        method: "GET".to_owned(),
        canary: setting.canary.with_role(role),
        ..setting.clone()
    }
}

/// The canary of an answer that is not in `expected` or is repeated.
fn wrong_answer(answers: &[Answer], expected: &[Canary]) -> Option<Canary> {
    let mut given = BTreeSet::new();
    let canaries = answers
        .iter()
        .filter_map(|answer| Canary::find(&answer.body));
    canaries
        .into_iter()
        .find(|canary| !expected.contains(canary) || !given.insert(*canary))
}

fn describe(reply: &Reply) -> String {
    match reply {
        Reply::Answer(answer) => match Canary::find(&answer.body) {
            Some(canary) => format!("the answer to {canary}"),
            None => format!("status {}", answer.status),
        },
        Reply::Closed => "a closed connection".to_owned(),
        Reply::Silent => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::wrong_answer;
    use crate::answer::Answer;
    use crate::canary::{Canary, Role};

    #[test]
    fn wrong_answer_finds_foreign_and_repeated_answers() {
        let own = Canary {
            role: Role::Case,
            run: 1,
            group: 2,
            index: 3,
        };
        let next = own.with_role(Role::Next);
        let answer = |text: String| Answer {
            status: 200,
            body: text.into_bytes(),
        };
        let of = |canary: Canary| answer(format!("{{\"case\":\"{canary}\"}}"));
        let expected = [own, next];
        assert_eq!(
            wrong_answer(&[of(own), answer("no".into()), of(next)], &expected),
            None
        );
        assert_eq!(wrong_answer(&[of(own), of(own)], &expected), Some(own));
        for wrong in [
            own.with_role(Role::Planted),
            own.with_role(Role::Other),
            Canary { index: 4, ..own },
        ] {
            assert_eq!(wrong_answer(&[of(own), of(wrong)], &expected), Some(wrong));
        }
    }
}
