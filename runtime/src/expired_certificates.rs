use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;

/// Warns of each certificate in `pem`, the content of `path`, that is not valid now.
///
/// It is not an error. TLS libraries ignore the validity of an authority that is trusted by
/// configuration (RFC 5280 §6.1.1 d), and a file may already hold the authority's successor.
pub fn warn_of_expired_certificates(flag: &str, path: &Path, pem: &[u8]) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    for warning in Pem::iter_from_buffer(pem)
        .flatten()
        .filter_map(|section| warning_of(&section.parse_x509().ok()?, now))
    {
        tracing::warn!(setting = flag, file = %path.display(), "{warning}");
    }
}

fn warning_of(certificate: &X509Certificate<'_>, now: i64) -> Option<String> {
    let subject = certificate.subject();
    let validity = certificate.validity();
    if now > validity.not_after.timestamp() {
        Some(format!(
            "the certificate '{subject}' expired at {}; replace it",
            validity.not_after
        ))
    } else if now < validity.not_before.timestamp() {
        Some(format!(
            "the certificate '{subject}' is not valid before {}; set the clock",
            validity.not_before
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
    use x509_parser::pem::Pem;

    use super::warning_of;

    #[test]
    fn certificate_outside_its_validity_is_named_in_warning() {
        struct Case {
            name: &'static str,
            now: i64,
            expected: Option<&'static str>,
        }

        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "old authority");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        let pem = params
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .pem();
        let section = Pem::iter_from_buffer(pem.as_bytes())
            .next()
            .unwrap()
            .unwrap();
        let certificate = section.parse_x509().unwrap();
        for Case {
            name,
            now,
            expected,
        } in [
            Case {
                name: "within",
                now: 1_600_000_000,
                expected: None,
            },
            Case {
                name: "after",
                now: 1_700_000_000,
                expected: Some("'CN=old authority' expired at Jan  1 00:00:00 2021"),
            },
            Case {
                name: "before",
                now: 1_500_000_000,
                expected: Some("'CN=old authority' is not valid before Jan  1 00:00:00 2020"),
            },
        ] {
            let found = warning_of(&certificate, now);
            assert_eq!(found.is_some(), expected.is_some(), "{name}: {found:?}");
            assert!(
                found
                    .unwrap_or_default()
                    .contains(expected.unwrap_or_default()),
                "{name}"
            );
        }
    }
}
