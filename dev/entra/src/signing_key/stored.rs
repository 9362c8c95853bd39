//! Signing keys in the state directory.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{KeyRing, MOST_OLDER, SigningKey};

/// The contents of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredKeys {
    current: StoredKey,
    older: Vec<StoredKey>,
}

/// PKCS #8 and X.509, each in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    private: String,
    certificate: String,
}

impl KeyRing {
    pub(crate) fn stored(&self) -> anyhow::Result<StoredKeys> {
        let keys = self.read();
        let older = keys.older.iter().map(|key| StoredKey::of(key));
        Ok(StoredKeys {
            current: StoredKey::of(&keys.current)?,
            older: older.collect::<Result<_, _>>()?,
        })
    }

    /// The keys that were stored. Fails with the mistake in them.
    pub(crate) fn restored(stored: StoredKeys) -> Result<Self, &'static str> {
        let older = stored.older.into_iter().take(MOST_OLDER);
        let older: Result<_, _> = older.map(|key| key.restored().map(Arc::new)).collect();
        Ok(Self::with_older(stored.current.restored()?, older?))
    }
}

impl StoredKey {
    fn of(key: &SigningKey) -> anyhow::Result<Self> {
        let der: Pkcs8V1Der<'static> = key
            .pair
            .as_der()
            .map_err(|_| anyhow::anyhow!("a signing key cannot be encoded"))?;
        Ok(Self {
            private: STANDARD.encode(der.as_ref()),
            certificate: STANDARD.encode(&key.certificate),
        })
    }

    fn restored(self) -> Result<SigningKey, &'static str> {
        let decode = |text| {
            STANDARD
                .decode(text)
                .map_err(|_| "a key or certificate is not base64")
        };
        let pair = KeyPair::from_pkcs8(&decode(self.private)?)
            .map_err(|_| "a private key is no RSA key of 2048 bits or more")?;
        Ok(SigningKey::new(pair, decode(self.certificate)?))
    }
}
