use std::error::Error as StdError;
use std::io;

use rustls::{CertificateError, Error as TlsError};

/// Describes why a call got no response, and what to change. It names no URL, because the calling
/// code knows it.
#[must_use]
pub fn connection_failure(error: &reqwest::Error) -> String {
    let causes = || std::iter::successors(error.source(), |&cause| cause.source());
    match causes().find_map(tls_error) {
        Some(error) => tls_failure(error),
        // reqwest's own message repeats the URL and hides the cause ("connection refused").
        None if error.is_timeout() => "cannot be reached: there was no answer in time".to_owned(),
        None => {
            format!(
                "cannot be reached: {}",
                causes()
                    .last()
                    .map_or_else(|| error.to_string(), ToString::to_string)
            )
        }
    }
}

/// Finds the TLS error in `cause`. The `source` of an `io::Error` skips the error that it wraps,
/// which can be another `io::Error`, so `get_ref` unwraps it.
fn tls_error<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a TlsError> {
    match cause.downcast_ref::<io::Error>() {
        Some(outer) => tls_error(outer.get_ref()?),
        None => cause.downcast_ref(),
    }
}

fn tls_failure(error: &TlsError) -> String {
    let problem = match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "is not trusted: an authority that this machine does not know issued its certificate; \
             give the certificate of that authority by --extra-ca FILE or EXTRA_CA_FILE in the \
             environment"
        }
        // Each start of dev-entra creates a new authority with the same name as the last one.
        TlsError::InvalidCertificate(CertificateError::BadSignature) => {
            "is not trusted: an authority of the same name as a trusted one, with another key, \
             issued its certificate; give the present certificate of that authority by --extra-ca \
             FILE or EXTRA_CA_FILE in the environment"
        }
        TlsError::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => {
            "is not trusted: its certificate has expired; renew it, or set the clock of this \
             machine"
        }
        TlsError::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => "is not trusted: its certificate is not valid yet; set the clock of this machine",
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            "is not trusted: its certificate is for another name; use a host name that the \
             certificate has"
        }
        TlsError::InvalidMessage(_) => {
            "answers without TLS, probably in plain HTTP; correct the port, or have it serve HTTPS \
             there"
        }
        other => return format!("no TLS connection is possible: {other}"),
    };
    problem.to_owned()
}

#[cfg(test)]
mod tests {
    use rustls::{CertificateError, Error as TlsError, InvalidMessage};

    use std::io;

    use super::{tls_error, tls_failure};

    #[test]
    fn tls_error_is_found_in_every_wrapping() {
        let wrapped = |depth: usize| {
            let cause = io::Error::other(TlsError::HandshakeNotComplete);
            (0..depth).fold(cause, |cause, _| io::Error::other(cause))
        };
        for depth in [0, 1, 2] {
            assert_eq!(
                tls_error(&wrapped(depth)),
                Some(&TlsError::HandshakeNotComplete),
                "{depth}"
            );
        }
        assert_eq!(
            tls_error(&TlsError::HandshakeNotComplete),
            Some(&TlsError::HandshakeNotComplete)
        );
        assert_eq!(
            tls_error(&io::Error::from(io::ErrorKind::ConnectionRefused)),
            None
        );
    }

    #[test]
    fn tls_failure_says_what_to_change() {
        struct Case {
            name: &'static str,
            error: TlsError,
            part: &'static str,
        }

        for Case { name, error, part } in [
            Case {
                name: "private authority",
                error: TlsError::InvalidCertificate(CertificateError::UnknownIssuer),
                part: "--extra-ca FILE",
            },
            Case {
                name: "new authority of the same name",
                error: TlsError::InvalidCertificate(CertificateError::BadSignature),
                part: "give the present certificate",
            },
            Case {
                name: "expired",
                error: TlsError::InvalidCertificate(CertificateError::Expired),
                part: "has expired",
            },
            Case {
                name: "too early",
                error: TlsError::InvalidCertificate(CertificateError::NotValidYet),
                part: "set the clock",
            },
            Case {
                name: "another name",
                error: TlsError::InvalidCertificate(CertificateError::NotValidForName),
                part: "is for another name",
            },
            Case {
                name: "plain HTTP",
                error: TlsError::InvalidMessage(InvalidMessage::InvalidContentType),
                part: "answers without TLS",
            },
            Case {
                name: "anything else",
                error: TlsError::HandshakeNotComplete,
                part: "no TLS connection is possible: ",
            },
        ] {
            let text = tls_failure(&error);
            assert!(text.contains(part), "{name}: {text}");
            assert!(
                !text.contains("UnknownIssuer") && !text.contains("corrupt"),
                "{name}: {text}"
            );
        }
    }
}
