use std::time::Instant;

use super::{failures, user_token};
use crate::downstream::fake_servers::{Answer, DEADLINE, FakeServers, unreachable_services};

/// How the issuer and the services answer, and the failure of each call.
struct Call {
    name: &'static str,
    issuer: Answer,
    service: Answer,
    /// The reason code, and whether the failure is transient.
    failure: Option<(&'static str, bool)>,
}

const CALLS: [Call; 7] = [
    Call {
        name: "all succeed",
        issuer: Answer::Success,
        service: Answer::Success,
        failure: None,
    },
    Call {
        name: "service is busy at first",
        issuer: Answer::Success,
        service: Answer::Obstacle,
        failure: None,
    },
    Call {
        name: "issuer denies the client",
        issuer: Answer::TokenDenied,
        service: Answer::Success,
        failure: Some(("client_refused", false)),
    },
    Call {
        name: "service denies the token",
        issuer: Answer::Success,
        service: Answer::TokenDenied,
        failure: Some(("token_not_accepted", false)),
    },
    Call {
        name: "service denies the request",
        issuer: Answer::Success,
        service: Answer::Forbidden,
        failure: Some(("service_refused", false)),
    },
    Call {
        name: "service has a fault",
        issuer: Answer::Success,
        service: Answer::Fault,
        failure: Some(("service_refused", true)),
    },
    Call {
        name: "service does not answer",
        issuer: Answer::Success,
        service: Answer::Hang,
        failure: Some(("deadline_exceeded", true)),
    },
];

#[tokio::test]
async fn failed_call_has_its_reason_code_within_the_deadline() {
    let token = user_token();
    for case in CALLS {
        let downstream = FakeServers::new(case.issuer, case.service).start().await;
        let started = Instant::now();
        assert!(downstream.admit("guest-tenant", Some(&token)).await.is_ok());
        let answers = failures(&downstream, &token).await;
        assert_eq!(answers, [case.failure; 2], "{}", case.name);
        assert!(
            started.elapsed() < DEADLINE * 2,
            "{}: {:?}",
            case.name,
            started.elapsed()
        );
    }
    let unreachable = failures(&unreachable_services().await, &token).await;
    assert!(
        unreachable
            .iter()
            .all(|failure| failure.is_some_and(|(_, transient)| transient)),
        "{unreachable:?}"
    );
}
