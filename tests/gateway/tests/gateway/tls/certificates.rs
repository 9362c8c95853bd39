use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};

/// A certificate authority that lives as long as the test.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate of an authority, and its key, as PEM.
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

    /// A certificate for `name`.
    pub(crate) fn issue(&self, name: &str) -> anyhow::Result<Issued> {
        let key = KeyPair::generate()?;
        let certificate = named(name, vec![name.to_owned()])?.signed_by(&key, &self.0)?;
        Ok(Issued {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// A certificate whose name is its issuer's would be taken for one that is signed by itself.
fn named(name: &str, hosts: Vec<String>) -> anyhow::Result<CertificateParams> {
    let mut parameters = CertificateParams::new(hosts)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    Ok(parameters)
}

impl Issued {
    /// Puts both into `folder`, each in one step, as `mv` would.
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
