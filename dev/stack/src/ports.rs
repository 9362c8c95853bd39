use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};

use crate::service::Service;

/// Ports below the range that Linux takes for outgoing connections (`ip_local_port_range`), so
/// that no connection can take a port between its choice and its use.
const FREE_RANGE: std::ops::Range<u16> = 10_000..30_000;

/// How ports are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortChoice {
    /// The ports that the documentation names, if they are free.
    UsualIfFree,
    /// Any free ports, so that several stacks can run at once.
    AnyFree,
}

impl PortChoice {
    /// Picks a free port of the loopback address that this process has not given out before.
    pub fn pick(self, usual: u16) -> anyhow::Result<u16> {
        static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        let given = given.get_or_insert_default();
        // Several test processes may search at once, so each starts at another port.
        let offset =
            u16::try_from(std::process::id() % u32::from(FREE_RANGE.end - FREE_RANGE.start))?;
        let start = FREE_RANGE.start + offset;
        let usual = (self == Self::UsualIfFree).then_some(usual);
        for port in usual
            .into_iter()
            .chain(start..FREE_RANGE.end)
            .chain(FREE_RANGE.start..start)
        {
            if !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
                given.insert(port);
                return Ok(port);
            }
        }
        bail!(
            "no port between {} and {} is free on 127.0.0.1",
            FREE_RANGE.start,
            FREE_RANGE.end
        )
    }
}

/// The ports of all programs. A service has one for traffic and one for operations.
#[derive(Clone, Debug)]
pub(crate) struct Ports {
    pub(crate) entra: u16,
    pub(crate) admin_of_entra: u16,
    /// The first one serves keys and the admin API to tests.
    pub(crate) authz: Vec<AuthzPorts>,
    pub(crate) task_api: u16,
    pub(crate) notification: u16,
    pub(crate) audit: u16,
    pub(crate) gateway: u16,
    pub(crate) admin: u16,
    operations: [u16; 4],
}

/// The ports of one authz server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AuthzPorts {
    pub(crate) checks: u16,
    pub(crate) keys: u16,
    pub(crate) admin: u16,
    pub(crate) operations: u16,
}

impl AuthzPorts {
    fn pick(choice: PortChoice) -> anyhow::Result<Self> {
        let pick = |usual| choice.pick(usual);
        Ok(Self {
            checks: pick(9000)?,
            keys: pick(9001)?,
            admin: pick(9002)?,
            operations: pick(9104)?,
        })
    }
}

impl Ports {
    pub(crate) fn pick(choice: PortChoice, authz_instances: usize) -> anyhow::Result<Self> {
        let pick = |usual| choice.pick(usual);
        Ok(Self {
            entra: pick(8443)?,
            admin_of_entra: pick(8444)?,
            authz: (0..authz_instances)
                .map(|_| AuthzPorts::pick(choice))
                .collect::<anyhow::Result<_>>()?,
            task_api: pick(8000)?,
            notification: pick(8001)?,
            audit: pick(8002)?,
            gateway: pick(8080)?,
            admin: pick(9901)?,
            operations: [pick(9100)?, pick(9101)?, pick(9102)?, pick(9103)?],
        })
    }

    pub(crate) fn traffic_of(&self, service: Service) -> u16 {
        match service {
            Service::TaskApi => self.task_api,
            Service::Notification => self.notification,
            Service::Audit => self.audit,
        }
    }

    pub(crate) fn operations_of_entra(&self) -> u16 {
        let [.., entra] = self.operations;
        entra
    }

    pub(crate) fn operations_of(&self, service: Service) -> u16 {
        let [task_api, notification, audit, _] = self.operations;
        match service {
            Service::TaskApi => task_api,
            Service::Notification => notification,
            Service::Audit => audit,
        }
    }

    /// The authz server that serves keys and the admin API to tests.
    pub(crate) fn first_authz(&self) -> anyhow::Result<AuthzPorts> {
        self.authz
            .first()
            .copied()
            .context("a stack has an authz server")
    }
}
