use super::{Held, answer, closed, connected, get_path, metric, patient};
use crate::Process;

const HALF: &[u8] = b"GET / HTTP/1.1\r\nHost: he";

#[tokio::test]
async fn slow_clients_at_the_cap_are_closed_for_a_new_client() {
    let process = Process::detached().with_limits(patient(8));
    let address = Held::default().serve(&process).await;
    let mut used = connected(address, b"").await;
    assert!(
        get_path(&mut used, "/")
            .await
            .unwrap()
            .ends_with("answered\n")
    );
    let mut slow = Vec::new();
    for _ in 0..40 {
        slow.push(connected(address, HALF).await);
        let mut probe = connected(address, b"").await;
        assert!(
            get_path(&mut probe, "/")
                .await
                .unwrap()
                .ends_with("answered\n"),
            "a new client"
        );
    }
    assert!(
        get_path(&mut used, "/")
            .await
            .unwrap()
            .ends_with("answered\n"),
        "a client that was there before"
    );
    // At most seven places were left for slow clients, so at least 33 of the 40 are closed.
    for client in &mut slow[..30] {
        closed(client).await;
    }
}

#[tokio::test]
async fn connections_beyond_the_cap_close_older_ones() {
    let process = Process::detached().with_limits(patient(5));
    let address = Held::default().serve(&process).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        slow.push(connected(address, HALF).await);
    }
    metric(
        &process,
        "http_server_connections_closed_total{listener=\"traffic\",reason=\"made_room\"} 45",
    )
    .await;
    metric(&process, "http_server_connections{listener=\"traffic\"} 5").await;
}

#[tokio::test]
async fn request_in_flight_is_never_closed_to_make_room() {
    let held = Held::default();
    let process = Process::detached().with_limits(patient(1));
    let address = held.serve(&process).await;
    let mut busy = connected(address, b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n").await;
    held.came.notified().await;
    closed(&mut connected(address, b"").await).await;
    metric(
        &process,
        "http_server_connections_closed_total{listener=\"traffic\",reason=\"refused\"} 1",
    )
    .await;
    held.go.notify_one();
    assert!(answer(&mut busy).await.unwrap().ends_with("let go\n"));
    let mut next = connected(address, b"").await;
    assert!(
        get_path(&mut next, "/")
            .await
            .unwrap()
            .ends_with("answered\n"),
        "in place of the one that is idle now"
    );
}
