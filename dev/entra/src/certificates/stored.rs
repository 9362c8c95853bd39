//! The certificate authority and the server certificate in the state directory.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{
    AUTHORITY_DAYS, CertificateDer, Certificates, CertifiedIssuer, DAY, Issuer, KeyPair, PemObject,
    PrivateKeyDer, SERVER_DAYS, authority_parameters, server_config, server_parameters,
};
use crate::state::{StateDirectory, StateFile};

/// A server certificate with less time than this is replaced at the start.
const RENEW_BEFORE: i64 = 30 * DAY;

/// The contents of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredAuthority {
    /// PEM.
    certificate: String,
    /// PKCS #8 in PEM.
    key: String,
    /// In seconds since 1970.
    ends: i64,
    server: StoredServer,
}

/// The certificate of the server, for exactly these names.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredServer {
    names: Vec<String>,
    /// PEM.
    certificate: String,
    /// PKCS #8 in PEM.
    key: String,
    /// In seconds since 1970.
    ends: i64,
}

impl Certificates {
    /// The authority of the state directory, with a server certificate for `names`. Generates what
    /// is absent, has other names or ends soon.
    pub(crate) fn kept(
        state: &StateDirectory,
        names: Vec<String>,
        now: i64,
    ) -> anyhow::Result<Self> {
        let usable = |authority: StoredAuthority| {
            let certificates = authority.certificates();
            certificates
                .map(|_| authority)
                .map_err(|_| "a certificate or key is not usable PEM")
        };
        let stored = state.read(StateFile::Authority, usable)?;
        let authority = match stored {
            Some(authority) if authority.is_current(&names, now) => authority,
            changed => {
                let authority = StoredAuthority::renewed(changed, names, now)?;
                state.write(StateFile::Authority, &authority)?;
                authority
            }
        };
        authority.certificates()
    }
}

impl StoredAuthority {
    /// A new authority and server certificate.
    pub(super) fn generate(names: Vec<String>, now: i64) -> anyhow::Result<Self> {
        let parameters = authority_parameters(now)?;
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)
            .context("making a certificate authority")?;
        Ok(Self {
            certificate: authority.pem(),
            key: authority.key().serialize_pem(),
            ends: now + AUTHORITY_DAYS * DAY,
            server: StoredServer::signed_by(&authority, names, now)?,
        })
    }

    /// `stored` with a new server certificate, or a new authority if `stored` ends too soon.
    fn renewed(stored: Option<Self>, names: Vec<String>, now: i64) -> anyhow::Result<Self> {
        let Some(stored) = stored else {
            return Self::generate(names, now);
        };
        if !stored.outlives_a_server(now) {
            tracing::warn!("the certificate authority ends soon; clients must trust a new ca.pem");
            return Self::generate(names, now);
        }
        // An issuer is its name and its key, and the name is constant.
        let key = KeyPair::from_pem(&stored.key).context("reading the authority's key")?;
        let issuer = Issuer::new(authority_parameters(now)?, key);
        Ok(Self {
            server: StoredServer::signed_by(&issuer, names, now)?,
            ..stored
        })
    }

    fn is_current(&self, names: &[String], now: i64) -> bool {
        self.outlives_a_server(now)
            && self.server.names == names
            && self.server.ends - now > RENEW_BEFORE
    }

    fn outlives_a_server(&self, now: i64) -> bool {
        self.ends - now > SERVER_DAYS * DAY
    }

    pub(super) fn certificates(&self) -> anyhow::Result<Certificates> {
        KeyPair::from_pem(&self.key).context("the authority's key")?;
        let chain = vec![CertificateDer::from_pem_slice(
            self.server.certificate.as_bytes(),
        )?];
        let key = PrivateKeyDer::from_pem_slice(self.server.key.as_bytes())?;
        Ok(Certificates {
            server: server_config(chain, key)?,
            authority_pem: self.certificate.clone(),
        })
    }
}

impl StoredServer {
    fn signed_by(
        authority: &Issuer<'_, KeyPair>,
        names: Vec<String>,
        now: i64,
    ) -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = server_parameters(names.clone(), now)?
            .signed_by(&key, authority)
            .context("making a server certificate")?;
        Ok(Self {
            names,
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            ends: now + SERVER_DAYS * DAY,
        })
    }
}
