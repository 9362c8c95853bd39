use anyhow::anyhow;
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Generates a P-256 key in PKCS#8 and PEM, as `openssl genpkey` does.
pub fn assertion_key() -> anyhow::Result<String> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
        .map_err(|_| anyhow!("the key cannot be generated"))?;
    let der = pair
        .to_pkcs8v1()
        .map_err(|_| anyhow!("the key cannot be generated"))?;
    Ok(format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    ))
}

/// Generates a MAC key, as `openssl rand -base64 32` does.
pub fn mac_key() -> anyhow::Result<String> {
    let mut key = [0; 32];
    rand::fill(&mut key).map_err(|_| anyhow!("the key cannot be generated"))?;
    Ok(format!("{}\n", STANDARD.encode(key)))
}
