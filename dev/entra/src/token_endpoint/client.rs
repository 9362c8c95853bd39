//! Client authentication (RFC 6749 §2.3): a secret in the form or in HTTP Basic, or an assertion.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use url::form_urlencoded;

use super::Presented;
use super::client_assertion::{self, AssertionContext};
use crate::access_token::ClientProof;
use crate::authority::Version;
use crate::clock::now;
use crate::directory::{Application, ClientCredentials, ClientType, Tenant};
use crate::entra::Entra;
use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;

/// The endpoint of a request.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) endpoint: Version,
    pub(super) tenant: &'a Tenant,
    /// The first segment of the path.
    pub(super) segment: &'a str,
}

/// Authenticates the client. It needs no credentials where what it presents allows that.
pub(super) async fn authenticate<'a>(
    entra: &'a Entra,
    place: &Place<'_>,
    headers: &HeaderMap,
    parameters: &Parameters,
    presented: &Presented,
) -> Result<(&'a Application, ClientProof), OAuthError> {
    let Place {
        endpoint,
        tenant,
        segment,
    } = *place;
    let Credentials { client_id, secret } = credentials(headers, parameters)?;
    let client =
        entra
            .directory
            .client(tenant, &client_id)
            .ok_or_else(|| OAuthError::UnknownClient {
                client: client_id,
                tenant: tenant.name.clone(),
            })?;
    let assertion = parameters.optional("client_assertion");
    match (&client.client_type, secret, assertion) {
        (_, Some(_), Some(_)) => Err(OAuthError::Malformed(
            "both client_secret and client_assertion came; send one",
        )),
        (_, None, None) if presented.needs_no_credentials(&client.client_type) => {
            Ok((client, ClientProof::None))
        }
        (_, None, None) => Err(OAuthError::MissingSecret),
        (ClientType::Public, ..) => Err(OAuthError::PublicClientWithSecret),
        _ if presented.is_of_spa() => Err(OAuthError::PublicClientWithSecret),
        (ClientType::Confidential(_), None, Some(assertion)) => {
            let context = AssertionContext {
                endpoint,
                segment,
                client,
            };
            client_assertion::check(entra, &context, parameters, assertion).await?;
            Ok((client, ClientProof::Assertion))
        }
        (ClientType::Confidential(known), Some(given), None) => {
            check_secret(known, &given, client)?;
            Ok((client, ClientProof::Secret))
        }
    }
}

fn check_secret(
    known: &ClientCredentials,
    given: &str,
    client: &Application,
) -> Result<(), OAuthError> {
    let mut matching = known.secrets.iter().filter(|secret| secret.matches(given));
    match matching.next() {
        None => Err(OAuthError::WrongSecret(client.client_id)),
        Some(secret) if secret.is_expired_at(now()) => {
            Err(OAuthError::ExpiredSecret(client.client_id))
        }
        Some(_) => Ok(()),
    }
}

struct Credentials {
    client_id: String,
    secret: Option<String>,
}

fn credentials(headers: &HeaderMap, parameters: &Parameters) -> Result<Credentials, OAuthError> {
    let form_secret = parameters.optional("client_secret").map(str::to_owned);
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return Ok(Credentials {
            client_id: parameters.required("client_id")?.to_owned(),
            secret: form_secret,
        });
    };
    let (client_id, secret) =
        authorization
            .to_str()
            .ok()
            .and_then(basic)
            .ok_or(OAuthError::Malformed(
                "the Authorization header is not HTTP Basic with a client id and a secret",
            ))?;
    // RFC 6749 §2.3: a request must not use more than one method.
    if form_secret.is_some()
        || parameters
            .optional("client_id")
            .is_some_and(|id| !id.eq_ignore_ascii_case(&client_id))
    {
        return Err(OAuthError::Malformed(
            "the client is named in the Authorization header and differently in the form",
        ));
    }
    Ok(Credentials {
        client_id,
        secret: Some(secret),
    })
}

fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    Some((form_decoded(client_id), form_decoded(secret)))
}

/// Decodes one half of the credentials, which RFC 6749 §2.3.1 form-encodes before it joins them.
fn form_decoded(text: &str) -> String {
    // The text is parsed as the value of a nameless field. An unencoded `&` must not end it.
    let field = format!("={}", text.replace('&', "%26"));
    form_urlencoded::parse(field.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn basic_halves_are_form_decoded() {
        struct Case {
            decoded: &'static str,
            header: &'static str,
            secret: &'static str,
        }

        for Case {
            decoded,
            header,
            secret,
        } in [
            Case {
                decoded: "a:b",
                header: "Basic YTpi",
                secret: "b",
            },
            Case {
                decoded: "a:b:c",
                header: "basic YTpiOmM=",
                secret: "b:c",
            },
            Case {
                decoded: "a:b%2Bc",
                header: "Basic YTpiJTJCYw==",
                secret: "b+c",
            },
            Case {
                decoded: "a:b&=c",
                header: "Basic YTpiJj1j",
                secret: "b&=c",
            },
        ] {
            let expected = Some(("a".to_owned(), secret.to_owned()));
            assert_eq!(basic(header), expected, "{decoded}: {header}");
        }
        let without_colon = "Basic YWI=";
        for header in [without_colon, "Basic ***", "Bearer YTpi", "Basic"] {
            assert_eq!(basic(header), None, "{header}");
        }
    }
}
