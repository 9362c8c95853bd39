use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Signer, SigningKeyError};

const ED25519: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n\
    -----END PRIVATE KEY-----\n";

const SEC1: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n";

#[test]
fn sec1_key_gets_the_command_that_converts_it() {
    let error = Signer::from_pem(SEC1.as_bytes())
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("SEC1") && error.contains("openssl pkcs8 -topk8 -nocrypt -in"),
        "{error}"
    );
}

fn pem() -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = pair.to_pkcs8v1().unwrap();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    )
}

#[test]
fn first_key_of_a_file_signs_and_all_are_published() {
    let pems = [pem(), pem()];
    let [one, two] = pems
        .each_ref()
        .map(|pem| Signer::from_pem(pem.as_bytes()).unwrap());
    let rotating = Signer::from_pem(pems.concat().as_bytes()).unwrap();
    assert_eq!(rotating.key_ids(), [one.key_ids(), two.key_ids()].concat());
    assert_eq!(rotating.key.header, one.key.header);
    assert!(
        !rotating.key_set().contains("\"d\""),
        "only public parts are published"
    );
}

#[test]
fn unusable_key_file_is_explained() {
    struct Case {
        name: &'static str,
        pem: String,
        error: SigningKeyError,
    }

    let one = pem();
    let two = pem();
    for Case { name, pem, error } in [
        Case {
            name: "nonsense",
            pem: "nonsense".to_owned(),
            error: SigningKeyError::NotPem,
        },
        Case {
            name: "empty",
            pem: String::new(),
            error: SigningKeyError::NotPem,
        },
        Case {
            name: "Ed25519 key",
            pem: ED25519.to_owned(),
            error: SigningKeyError::NotP256,
        },
        Case {
            name: "P-256 key before an Ed25519 key",
            pem: format!("{one}{ED25519}"),
            error: SigningKeyError::NotP256,
        },
        Case {
            name: "SEC1 key",
            pem: SEC1.to_owned(),
            error: SigningKeyError::OtherForm("SEC1 key (BEGIN EC PRIVATE KEY)"),
        },
        Case {
            name: "P-256 key before a SEC1 key",
            pem: format!("{one}{SEC1}"),
            error: SigningKeyError::OtherForm("SEC1 key (BEGIN EC PRIVATE KEY)"),
        },
        Case {
            name: "encrypted key",
            pem: SEC1.replace("EC PRIVATE", "ENCRYPTED PRIVATE"),
            error: SigningKeyError::OtherForm("encrypted key (BEGIN ENCRYPTED PRIVATE KEY)"),
        },
        Case {
            name: "the same key twice",
            pem: format!("{one}{two}{one}"),
            error: SigningKeyError::TooMany,
        },
        Case {
            name: "nine keys",
            pem: (0..9).map(|_| self::pem()).collect(),
            error: SigningKeyError::TooMany,
        },
    ] {
        assert_eq!(
            Signer::from_pem(pem.as_bytes()).map(|signer| signer.key_set()),
            Err(error),
            "{name}"
        );
    }
}
