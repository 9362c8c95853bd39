//! TLS with a certificate authority of dev-entra's own.

mod stored;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::clock::now;
use stored::StoredAuthority;

/// Days that a server certificate is valid: longer than a development process runs, and shorter
/// than the 825 days that some clients allow.
const SERVER_DAYS: i64 = 90;
/// Days that an authority is valid.
const AUTHORITY_DAYS: i64 = 3650;
const DAY: i64 = 24 * 3600;

/// The TLS configuration of the server, and the certificate that clients must trust.
pub(crate) struct Certificates {
    pub(crate) server: Arc<ServerConfig>,
    authority_pem: String,
}

impl Certificates {
    /// Generates an authority and a server certificate for `names`. Drops the authority's key.
    pub(crate) fn generate(names: Vec<String>) -> anyhow::Result<Self> {
        StoredAuthority::generate(names, now())?.certificates()
    }

    /// Reads a certificate that exists before the server starts, so that clients can trust it
    /// earlier.
    pub(crate) fn read(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
        let place =
            |flag: &str, path: &Path| format!("{flag} {}: cannot be read as PEM", path.display());
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .with_context(|| place("--certificate", certificate))?;
        let private = PrivateKeyDer::from_pem_file(key).with_context(|| {
            let problem = place("--certificate-key", key);
            format!(
                "{problem}; decrypt it if it is encrypted: \
                 openssl pkcs8 -topk8 -nocrypt -in OLD.pem -out NEW.pem"
            )
        })?;
        server_config(chain, private)
            .with_context(|| format!("--certificate {}: cannot be used", certificate.display()))
    }

    /// The certificate that clients must trust.
    pub(crate) fn authority_pem(&self) -> &str {
        &self.authority_pem
    }
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}

fn authority_parameters(now: i64) -> anyhow::Result<CertificateParams> {
    let mut parameters = parameters(
        Vec::new(),
        "dev-entra throw-away authority",
        now,
        AUTHORITY_DAYS,
    )?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(parameters)
}

fn server_parameters(names: Vec<String>, now: i64) -> anyhow::Result<CertificateParams> {
    let mut parameters = parameters(names, "dev-entra", now, SERVER_DAYS)?;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    Ok(parameters)
}

fn parameters(
    names: Vec<String>,
    common_name: &str,
    now: i64,
    days: i64,
) -> anyhow::Result<CertificateParams> {
    let mut parameters =
        CertificateParams::new(names).context("names of the server certificate")?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, common_name);
    // Valid since yesterday, for clients whose clock is behind.
    let (year, month, day) = date(now - DAY)?;
    parameters.not_before = rcgen::date_time_ymd(year, month, day);
    let (year, month, day) = date(now + days * DAY)?;
    parameters.not_after = rcgen::date_time_ymd(year, month, day);
    Ok(parameters)
}

fn date(seconds: i64) -> anyhow::Result<(i32, u8, u8)> {
    let moment = jiff::Timestamp::from_second(seconds)?;
    let date = moment.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    Ok((
        date.year().into(),
        date.month().try_into()?,
        date.day().try_into()?,
    ))
}
