use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use super::{ClientCredential, ClientSecret};

const CLIENT: &str = "3a5c0001-0000-4000-8000-000000000001";

fn token_url() -> Url {
    Url::parse("https://login.example/contoso/oauth2/v2.0/token").unwrap()
}

struct Identity {
    certificate: String,
    key: String,
    public: Vec<u8>,
}

fn identity() -> Identity {
    let pair = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::default()
        .self_signed(&pair)
        .unwrap()
        .pem();
    Identity {
        certificate,
        key: pair.serialize_pem(),
        public: pair.public_key_raw().to_vec(),
    }
}

async fn assertion(credential: &ClientCredential) -> Result<String, String> {
    let form = credential
        .form(CLIENT, &token_url())
        .await
        .map_err(|error| error.to_string())?;
    assert_eq!(
        form[0],
        ("client_assertion_type", super::ASSERTION_TYPE.to_owned())
    );
    assert_eq!((form[1].0, form.len()), ("client_assertion", 2));
    Ok(form[1].1.clone())
}

fn part(assertion: &str, index: usize) -> Value {
    let part = assertion.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn is_signed_by(assertion: &str, identity: &Identity) -> bool {
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &identity.public)
        .verify(signed.as_bytes(), &signature)
        .is_ok()
}

#[test]
fn client_secret_is_trimmed_never_empty_and_never_printed() {
    let secret: ClientSecret = "s3cret\n".parse().unwrap();
    assert_eq!(secret.reveal(), "s3cret");
    assert!(!format!("{:?}", ClientCredential::Secret(secret)).contains("s3cret"));
    assert!(" \n".parse::<ClientSecret>().is_err());
}

#[tokio::test]
async fn client_assertion_has_entras_claims_and_a_new_id_each_time() {
    let folder = TempDir::new().unwrap();
    let identity = identity();
    let path = folder.path().join("client.pem");
    std::fs::write(&path, format!("{}{}", identity.certificate, identity.key)).unwrap();
    let credential = ClientCredential::certificate(path);
    let first = assertion(&credential).await.unwrap();
    let header = part(&first, 0);
    let claims = part(&first, 1);
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&"PS256".into(), &"JWT".into())
    );
    assert_eq!(header["x5t#S256"].as_str().unwrap().len(), 43);
    assert_eq!(claims["aud"], token_url().as_str());
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&CLIENT.into(), &CLIENT.into())
    );
    let life = claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap();
    assert!((300..=600).contains(&life), "{life}");
    assert!(is_signed_by(&first, &identity));
    let second = assertion(&credential).await.unwrap();
    assert_ne!(part(&second, 1)["jti"], claims["jti"]);
    assert!(!format!("{credential:?}").contains("PRIVATE"));
}

#[tokio::test]
async fn replaced_certificate_is_used_at_once_unless_it_is_invalid() {
    let folder = TempDir::new().unwrap();
    let old = identity();
    let new = identity();
    let path = folder.path().join("client.pem");
    std::fs::write(&path, format!("{}{}", old.certificate, old.key)).unwrap();
    let credential = ClientCredential::certificate(path.clone());
    assert!(is_signed_by(&assertion(&credential).await.unwrap(), &old));
    for broken in [
        new.certificate.clone(),
        format!("{}{}", new.certificate, old.key),
        String::new(),
    ] {
        std::fs::write(&path, broken).unwrap();
        assert!(is_signed_by(&assertion(&credential).await.unwrap(), &old));
    }
    std::fs::remove_file(&path).unwrap();
    assert!(is_signed_by(&assertion(&credential).await.unwrap(), &old));
    std::fs::write(&path, format!("{}{}", new.key, new.certificate)).unwrap();
    assert!(is_signed_by(&assertion(&credential).await.unwrap(), &new));
}

#[tokio::test]
async fn invalid_credential_error_names_the_file_and_what_to_do() {
    let folder = TempDir::new().unwrap();
    let one = identity();
    let other = identity();
    let curve = KeyPair::generate().unwrap();
    let on_curve = CertificateParams::default()
        .self_signed(&curve)
        .unwrap()
        .pem();
    let path = folder.path().join("file");
    let certificate = || ClientCredential::certificate(path.clone());
    let secret = || ClientCredential::secret_file(path.clone());
    let federated = || ClientCredential::federated(path.clone());
    for (credential, content, part) in [
        (
            certificate(),
            Some("nonsense".to_owned()),
            "no certificate in PEM",
        ),
        (
            certificate(),
            Some(one.certificate.clone()),
            "no private key",
        ),
        (
            certificate(),
            Some(format!("{}{}", one.certificate, other.key)),
            "the key of another one",
        ),
        (
            certificate(),
            Some(format!("{on_curve}{}", curve.serialize_pem())),
            "not RSA",
        ),
        (certificate(), None, "cannot be read"),
        (secret(), Some(" \n".to_owned()), "is empty"),
        (secret(), None, "cannot be read"),
        (federated(), Some("a.b".to_owned()), "does not hold a JWT"),
        (
            federated(),
            Some("a.b.c d".to_owned()),
            "does not hold a JWT",
        ),
        (federated(), None, "cannot be read"),
    ] {
        let _absent = std::fs::remove_file(&path);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let error = credential.check().await.unwrap_err().to_string();
        assert!(
            error.starts_with(&path.display().to_string()) && error.contains(part),
            "{part}: {error}"
        );
    }
}

#[tokio::test]
async fn secret_and_federated_token_are_read_for_each_request() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    let secret = ClientCredential::secret_file(path.clone());
    let federated = ClientCredential::federated(path.clone());
    for content in ["a.b.c", "d.e.f"] {
        std::fs::write(&path, format!("{content}\n")).unwrap();
        assert_eq!(
            secret.form(CLIENT, &token_url()).await.unwrap(),
            [("client_secret", content.to_owned())]
        );
        assert_eq!(assertion(&federated).await.unwrap(), content);
    }
}
