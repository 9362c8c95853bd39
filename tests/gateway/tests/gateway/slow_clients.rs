//! Clients that never finish a request, on every port of every program.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::{ProgramPort, Speaks, Stack, StackOptions};
use futures::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const CLIENTS: usize = 150;
const MOST: usize = 40;
/// Longer than the header timeout (2 s) on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Bytes of memory for each open connection, and for the program's other work meanwhile.
const MEMORY_OF_ONE: usize = 128 * 1024;
const MEMORY_OF_ALL: usize = 8 * 1024 * 1024;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// A HEADERS frame that is shorter than its length field says.
const HALF_HEADERS: &[u8] = b"\0\0\xc8\x01\x04\0\0\0\x01\x82";
const HALF_HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: here\r\nX-Half: ";
const HALF_HELLO: &[u8] = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03";

fn unfinished(speaks: Speaks) -> Vec<Vec<u8>> {
    match speaks {
        Speaks::Http(_) => vec![Vec::new(), HALF_HEAD.to_vec(), PREFACE.to_vec()],
        Speaks::Https(_) => vec![Vec::new(), HALF_HELLO.to_vec()],
        Speaks::Grpc => vec![
            Vec::new(),
            PREFACE.to_vec(),
            [PREFACE, HALF_HEADERS].concat(),
        ],
    }
}

async fn open(address: SocketAddr, bytes: &[u8]) -> anyhow::Result<TcpStream> {
    let mut client = TcpStream::connect(address).await?;
    // The server may reset the connection, because newer ones replace it.
    let _sent = client.write_all(bytes).await;
    Ok(client)
}

/// Waits until the server has closed the connection.
async fn closed(mut client: TcpStream) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    // Either an end or a reset is good.
    let _end = timeout(PATIENCE, client.read_to_end(&mut bytes))
        .await
        .context("it stays open")?;
    Ok(())
}

/// Sends a good request on another connection, and fails unless it is served.
async fn answered(stack: &Stack, port: ProgramPort) -> anyhow::Result<()> {
    let status = match port.speaks {
        Speaks::Http(path) => stack
            .http()
            .get(format!("http://{}{path}", port.address))
            .send()
            .await?
            .status(),
        Speaks::Https(_) => stack.identity_provider().reached().await?,
        Speaks::Grpc => {
            let channel = tonic::transport::Endpoint::from_shared(stack.authz())?
                .connect()
                .await?;
            let request = tonic_health::pb::HealthCheckRequest::default();
            tonic_health::pb::health_client::HealthClient::new(channel)
                .check(request)
                .await?;
            return Ok(());
        }
    };
    ensure!(status.as_u16() < 500, "{status}");
    Ok(())
}

async fn open_connections(stack: &Stack, port: ProgramPort) -> anyhow::Result<usize> {
    let text = stack
        .http()
        .get(format!("http://{}/metrics", port.operations))
        .send()
        .await?
        .text()
        .await?;
    let start = format!("http_server_connections{{listener=\"{}\"}} ", port.listener);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(start.as_str()))
        .context("no metric")?;
    Ok(line.parse()?)
}

/// Returns the resident memory of a process in bytes.
fn resident(process: u32) -> anyhow::Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? * 1024)
}

async fn beset(stack: &Stack, port: ProgramPort) -> anyhow::Result<()> {
    answered(stack, port).await.context("before")?;
    let before = resident(port.process)?;
    let others = open_connections(stack, port).await?;
    let shapes = unfinished(port.speaks);
    let open = shapes
        .iter()
        .cycle()
        .take(CLIENTS)
        .map(|shape| open(port.address, shape));
    let clients = try_join_all(open).await?;
    answered(stack, port)
        .await
        .context("while slow clients wait")?;
    let count = open_connections(stack, port).await?;
    ensure!(count <= MOST, "{count} connections are open");
    let grown = resident(port.process)?.saturating_sub(before);
    ensure!(
        grown < MOST * MEMORY_OF_ONE + MEMORY_OF_ALL,
        "the connections used {} KiB",
        grown / 1024
    );
    try_join_all(clients.into_iter().map(closed)).await?;
    timeout(PATIENCE, async {
        // Other programs of the stack may have opened connections meanwhile.
        while open_connections(stack, port).await? > others + 4 {
            sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    })
    .await
    .context("the metric still counts closed connections")??;
    answered(stack, port).await.context("after")?;
    println!(
        "{} {}: {CLIENTS} closed, {count} at once, {} KiB",
        port.program,
        port.listener,
        grown / 1024
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_closed_on_every_port_and_others_are_answered() -> anyhow::Result<()> {
    let options = StackOptions::default()
        .authz_elsewhere()
        .variable_everywhere("HEADER_TIMEOUT", "2s");
    let options = options.variable_everywhere("MAX_CONNECTIONS", MOST.to_string());
    let stack = Stack::start_with(options).await?;
    let ports = stack.program_ports()?;
    ensure!(ports.len() == 13, "{ports:?}");
    for port in ports {
        beset(&stack, port)
            .await
            .with_context(|| format!("{} {} {}", port.program, port.listener, port.address))?;
    }
    stack.stop().await
}
