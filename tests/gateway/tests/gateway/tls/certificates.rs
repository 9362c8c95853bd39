use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};

/// A certificate authority for one test.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate of an authority and its private key, as PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut parameters = named("authority", Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        Ok(Self(CertifiedIssuer::self_signed(
            parameters,
            KeyPair::generate()?,
        )?))
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Issues a certificate for `name`.
    pub(crate) fn issue(&self, name: &str) -> anyhow::Result<Issued> {
        let key = KeyPair::generate()?;
        let certificate = named(name, vec![name.to_owned()])?.signed_by(&key, &self.0)?;
        Ok(Issued {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// Returns parameters with their own common name.
///
/// A certificate with the name of its issuer would count as self-signed.
fn named(name: &str, hosts: Vec<String>) -> anyhow::Result<CertificateParams> {
    let mut parameters = CertificateParams::new(hosts)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    Ok(parameters)
}

impl Issued {
    /// Puts both files into `folder`, each by a rename.
    pub(crate) fn put(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, text) in [("tls.key", &self.key), ("tls.crt", &self.certificate)] {
            let new = folder.join(format!(".{name}.new"));
            std::fs::write(&new, text)?;
            std::fs::rename(new, folder.join(name))?;
        }
        Ok(())
    }
}
