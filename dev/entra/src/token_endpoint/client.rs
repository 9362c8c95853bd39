//! Who asks (RFC 6749 §2.3): a secret in the form or in HTTP Basic, or a client assertion.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use url::form_urlencoded;

use super::GrantType;
use super::client_assertion::{self, AssertionContext};
use super::parameters::Parameters;
use crate::access_token::ClientProof;
use crate::authority::Version;
use crate::directory::{Application, ClientType, Tenant};
use crate::refusal::Refusal;
use crate::router::Entra;

/// Where a request came to.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) endpoint: Version,
    pub(super) tenant: &'a Tenant,
    /// The first segment of the path.
    pub(super) segment: &'a str,
}

/// The client, once it has proven itself or may go without.
pub(super) async fn authenticate<'a>(
    entra: &'a Entra,
    place: &Place<'_>,
    headers: &HeaderMap,
    parameters: &Parameters,
    grant: GrantType,
) -> Result<(&'a Application, ClientProof), Refusal> {
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
            .ok_or_else(|| Refusal::UnknownClient {
                client: client_id,
                tenant: tenant.name.clone(),
            })?;
    let assertion = parameters.optional("client_assertion");
    match (&client.client_type, secret, assertion) {
        (_, Some(_), Some(_)) => Err(Refusal::Malformed(
            "both client_secret and client_assertion came; send one",
        )),
        (ClientType::Public, None, None) if grant.allows_public_clients() => {
            Ok((client, ClientProof::None))
        }
        (_, None, None) => Err(Refusal::MissingSecret),
        (ClientType::Public, ..) => Err(Refusal::PublicClientWithSecret),
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
            if known.secrets.iter().any(|secret| secret.matches(&given)) {
                Ok((client, ClientProof::Secret))
            } else {
                Err(Refusal::WrongSecret(client.client_id))
            }
        }
    }
}

struct Credentials {
    client_id: String,
    secret: Option<String>,
}

fn credentials(headers: &HeaderMap, parameters: &Parameters) -> Result<Credentials, Refusal> {
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
            .ok_or(Refusal::Malformed(
                "the Authorization header is not HTTP Basic with a client id and a secret",
            ))?;
    // RFC 6749 §2.3: one method in each request.
    if form_secret.is_some()
        || parameters
            .optional("client_id")
            .is_some_and(|id| !id.eq_ignore_ascii_case(&client_id))
    {
        return Err(Refusal::Malformed(
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

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn form_decoded(text: &str) -> String {
    // As the value of a nameless field; an `&` that a client left as it is must not end it.
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
        // The encoded texts stand beside each row.
        for (header, expected) in [
            ("Basic YTpi", Some(("a", "b"))),           // a:b
            ("basic YTpiOmM=", Some(("a", "b:c"))),     // a:b:c
            ("Basic YTpiJTJCYw==", Some(("a", "b+c"))), // a:b%2Bc
            ("Basic YTpiJj1j", Some(("a", "b&=c"))),    // a:b&=c
            ("Basic YWI=", None),                       // ab
            ("Basic ***", None),
            ("Bearer YTpi", None),
            ("Basic", None),
        ] {
            let found = basic(header);
            let found = found
                .as_ref()
                .map(|(id, secret)| (id.as_str(), secret.as_str()));
            assert_eq!(found, expected, "{header}");
        }
    }
}
