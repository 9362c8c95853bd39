//! TLS with a certificate authority of this process. Its private key is never stored.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Days that a certificate is valid: longer than a development process runs, and shorter than the
/// 825 days that some clients allow.
const VALID_DAYS: i64 = 90;

/// The TLS configuration of the server, and the certificate that clients must trust.
pub(crate) struct Certificates {
    pub(crate) server: Arc<ServerConfig>,
    authority_pem: String,
}

impl Certificates {
    /// Generates an authority and a server certificate for `names`. Drops the authority's key.
    pub(crate) fn generate(names: Vec<String>) -> anyhow::Result<Self> {
        let authority = CertifiedIssuer::self_signed(authority_parameters()?, KeyPair::generate()?)
            .context("making a certificate authority")?;
        let pair = KeyPair::generate()?;
        let certificate = server_parameters(names)?
            .signed_by(&pair, &authority)
            .context("making a server certificate")?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        let server = server_config(vec![certificate.der().clone()], key)?;
        Ok(Self {
            server,
            authority_pem: authority.pem(),
        })
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

    /// Writes `ca.pem` to `state` in one step, because clients may be reading the previous one.
    pub(crate) fn publish(&self, state: &Path) -> anyhow::Result<PathBuf> {
        let place = || {
            format!(
                "--state {}: ca.pem cannot be written; give a directory you may write to",
                state.display()
            )
        };
        std::fs::create_dir_all(state).with_context(place)?;
        // A certificate is public, and containers of other users must read it.
        let readable = std::fs::Permissions::from_mode(0o644);
        let mut file = tempfile::Builder::new()
            .permissions(readable)
            .tempfile_in(state)
            .with_context(place)?;
        file.write_all(self.authority_pem.as_bytes())
            .with_context(place)?;
        let path = state.join("ca.pem");
        file.persist(&path).with_context(place)?;
        Ok(path)
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

fn authority_parameters() -> anyhow::Result<CertificateParams> {
    let mut parameters = parameters(Vec::new(), "dev-entra throw-away authority")?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(parameters)
}

fn server_parameters(names: Vec<String>) -> anyhow::Result<CertificateParams> {
    let mut parameters = parameters(names, "dev-entra")?;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    Ok(parameters)
}

fn parameters(names: Vec<String>, common_name: &str) -> anyhow::Result<CertificateParams> {
    let mut parameters =
        CertificateParams::new(names).context("names of the server certificate")?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, common_name);
    // Valid since yesterday, for clients whose clock is behind.
    let (year, month, day) = day_from_today(-1)?;
    parameters.not_before = rcgen::date_time_ymd(year, month, day);
    let (year, month, day) = day_from_today(VALID_DAYS)?;
    parameters.not_after = rcgen::date_time_ymd(year, month, day);
    Ok(parameters)
}

fn day_from_today(days: i64) -> anyhow::Result<(i32, u8, u8)> {
    let moment = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    let date = moment.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    Ok((
        date.year().into(),
        date.month().try_into()?,
        date.day().try_into()?,
    ))
}
