//! One session: starts servers and Envoy, checks each case, measures in rounds, and stops.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use dev_stack::Program;
use portcullis_bench::IssuerKey;
use portcullis_token::unix_now;
use reqwest::Client;
use tempfile::TempDir;

use crate::case::{Case, Server, Tokens};
use crate::cases::{chosen, with_base};
use crate::command_line::Settings;
use crate::compare::{rows, to_base};
use crate::cpu::CpuClock;
use crate::envoy::{self, Listening};
use crate::goals::judged;
use crate::load::Load;
use crate::measured::{Figures, Measured, Session};
use crate::prove::prove;
use crate::requests::Requests;
use crate::rounds::{baselines, order};
use crate::servers::{RunningServer, free_port};
use crate::surroundings::Watch;
use crate::upstream;

/// Load before each slice, so that neither new connections nor the previous case affect it.
const WARM_UP: Duration = Duration::from_millis(100);
/// Tokens per second of a slice with first seen tokens: more than any case with a hop answered on a
/// fast machine. A slice that runs out of tokens ends earlier.
const FIRST_SEEN_PER_SECOND: f64 = 15_000.0;
/// Maximum number of first seen tokens: 100 MB.
const MOST_FIRST_SEEN: f64 = 60_000.0;

/// Runs a session with `settings`. The programs are in the folder of this one, Envoy is `ENVOY`.
pub async fn run(settings: &Settings) -> anyhow::Result<Session> {
    let mut cases = chosen(&settings.cases);
    if let Some(base) = &settings.base {
        ensure!(
            base.is_file(),
            "--base {}: there is no program",
            base.display()
        );
        cases = with_base(&cases);
    }
    let bench = Bench::start(settings, &cases).await?;
    let measured = bench.measure(settings).await;
    bench.stop().await?;
    measured
}

struct Bench {
    listening: Vec<Listening>,
    slice: Duration,
    in_turn: Requests,
    once: Requests,
    key: IssuerKey,
    http: Client,
    servers: Vec<RunningServer>,
    envoy: Program,
    envoy_cpu: CpuClock,
    _folder: TempDir,
}

impl Bench {
    async fn start(settings: &Settings, cases: &[Case]) -> anyhow::Result<Self> {
        let slice = slice(settings, cases.len());
        let folder = tempfile::tempdir().context("a folder for the session")?;
        let key = IssuerKey::rs256()?;
        let other_key = IssuerKey::rs256()?;
        let now = unix_now();
        let in_turn = Requests::in_turn(&key, now, settings.tokens.into())?;
        let once = Requests::once(&key, now, first_seen(cases, slice))?;
        eprintln!(
            "bench-gateway: {} tokens are signed; starting servers and Envoy",
            in_turn.len() + once.len()
        );
        let http = Client::builder().no_proxy().build()?;
        let mut servers = Vec::new();
        let base = settings.base.as_deref();
        for server in distinct_servers(cases) {
            servers.push(RunningServer::start(server, &key, folder.path(), base, &http).await?);
        }
        let listening = |case: &Case| {
            anyhow::Ok(Listening {
                case: *case,
                port: free_port()?,
            })
        };
        let listening: Vec<Listening> =
            cases.iter().map(listening).collect::<anyhow::Result<_>>()?;
        let upstream = upstream::start()?.port();
        let mut spec = envoy::prepare(folder.path(), &listening, &servers, upstream, &key)?;
        spec.arguments = envoy::arguments(settings.concurrency, free_port()?);
        let envoy = Program::start(spec, &http).await?;
        let envoy_cpu = CpuClock::of(envoy.process()?)?;
        for Listening { case, port } in &listening {
            prove(*case, address(*port), &key, &other_key, now).await?;
        }
        Ok(Self {
            listening,
            slice,
            in_turn,
            once,
            key,
            http,
            servers,
            envoy,
            envoy_cpu,
            _folder: folder,
        })
    }

    async fn measure(&self, settings: &Settings) -> anyhow::Result<Session> {
        let own = self.servers.iter().map(|server| server.cpu);
        let own = own
            .chain([self.envoy_cpu, CpuClock::of(std::process::id())?])
            .collect();
        let watch = Watch::start(own)?;
        let mut slices = Vec::new();
        for &connections in &settings.connections {
            for round in 0..settings.rounds {
                eprintln!(
                    "bench-gateway: {connections} connections, round {} of {}",
                    round + 1,
                    settings.rounds
                );
                slices.extend(self.round(connections, round).await?);
            }
        }
        let cases: Vec<Case> = self
            .listening
            .iter()
            .map(|listening| listening.case)
            .collect();
        let rows = rows(&slices);
        Ok(Session {
            surroundings: watch.end()?,
            envoy_concurrency: settings.concurrency,
            slice_seconds: self.slice.as_secs_f64(),
            rounds: settings.rounds,
            goals: judged(&cases, &slices, &rows),
            to_base: to_base(&slices),
            rows,
            slices,
        })
    }

    async fn round(&self, connections: u16, round: u16) -> anyhow::Result<Vec<Measured>> {
        let mut figures = Vec::new();
        for index in order(self.listening.len(), round % 2 == 1) {
            let listening = self.listening.get(index).context("a case of the order")?;
            let measured = self.slice(*listening, connections).await;
            figures.push((
                index,
                measured.with_context(|| format!("case '{}'", listening.case.name))?,
            ));
        }
        let compared = figures.iter().zip(baselines(&figures));
        let measured = |((index, figures), no_auth): (&(usize, Figures), Option<Figures>)| {
            let case = self.listening.get(*index)?.case.name;
            Some(Measured {
                case,
                connections,
                round,
                figures: *figures,
                no_auth: no_auth?,
            })
        };
        Ok(compared.filter_map(measured).collect())
    }

    async fn slice(
        &self,
        Listening { case, port }: Listening,
        connections: u16,
    ) -> anyhow::Result<Figures> {
        let server = case
            .server()
            .and_then(|server| self.servers.iter().find(|running| running.server == server));
        let requests = match case.tokens {
            Tokens::Cached => &self.in_turn,
            Tokens::FirstSeen => {
                if let Some(server) = server {
                    server.drop_cached_callers(&self.key, &self.http).await?;
                }
                self.once.rewind();
                &self.once
            }
        };
        let load = Load::connect(address(port), connections).await?;
        load.drive(requests, WARM_UP).await?;
        let read = || {
            anyhow::Ok((
                self.envoy_cpu.read()?,
                server.map(|server| server.cpu.read()).transpose()?,
            ))
        };
        let (envoy_before, server_before) = read()?;
        let latencies = load.drive(requests, self.slice).await?;
        let (envoy, server) = read()?;
        let server = server
            .zip(server_before)
            .map(|(after, before)| after.saturating_sub(before));
        Ok(Figures::new(
            &latencies,
            envoy.saturating_sub(envoy_before),
            server,
        ))
    }

    /// Stops Envoy first, so that the servers' streams end.
    async fn stop(self) -> anyhow::Result<()> {
        self.envoy.stop().await?;
        for server in self.servers {
            server.stop().await?;
        }
        Ok(())
    }
}

fn distinct_servers(cases: &[Case]) -> Vec<Server> {
    let mut servers: Vec<Server> = Vec::new();
    for server in cases.iter().filter_map(Case::server) {
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    servers
}

/// The length of a slice: `--slice`, or its part of `--seconds`.
fn slice(
    Settings {
        seconds,
        slice,
        rounds,
        connections,
        ..
    }: &Settings,
    cases: usize,
) -> Duration {
    let slices = order(cases, false).len() * usize::from(*rounds) * connections.len();
    match (seconds, u32::try_from(slices)) {
        (Some(seconds), Ok(slices)) => {
            let each = Duration::from_secs(u64::from(*seconds)) / slices.max(1);
            each.saturating_sub(WARM_UP).max(Duration::from_millis(20))
        }
        _ => *slice,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded and positive"
)]
fn first_seen(cases: &[Case], slice: Duration) -> usize {
    let needed = cases.iter().any(|case| case.tokens == Tokens::FirstSeen);
    let tokens = (slice + WARM_UP).as_secs_f64() * FIRST_SEEN_PER_SECOND;
    if needed {
        tokens.min(MOST_FIRST_SEEN) as usize
    } else {
        0
    }
}

fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
