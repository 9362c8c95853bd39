use super::AssertionContext;
use super::issuer_keys::IssuerKeys;
use super::jwt::Jwt;
use crate::directory::{ClientType, FederatedCredential};
use crate::entra::Entra;
use crate::oauth_error::OAuthError;

/// Checks a token of another issuer, such as a Kubernetes service account token ("Workload
/// identity federation").
///
/// Issuer, subject and audience must exactly match one credential before any key is fetched.
pub(super) async fn check(
    entra: &Entra,
    context: &AssertionContext<'_>,
    jwt: &Jwt<'_>,
    now: i64,
) -> Result<(), OAuthError> {
    let ClientType::Confidential(credentials) = &context.client.client_type else {
        return Err(OAuthError::PublicClientWithSecret);
    };
    let credential = matching(&credentials.federated, jwt)?;
    if jwt.header.alg != "RS256" {
        return Err(OAuthError::ClientAssertionSignature(
            "The algorithm is not RS256.",
        ));
    }
    let keys = IssuerKeys::obtain(&entra.http, entra.directory.folder(), credential).await?;
    let kid = jwt.header.kid.as_deref().unwrap_or_default();
    let key = keys
        .named(kid)
        .ok_or_else(|| OAuthError::ClientAssertionKey {
            thumbprint: kid.to_owned(),
        })?;
    if !key.verifies(jwt.signed.as_bytes(), &jwt.signature) {
        return Err(OAuthError::ClientAssertionSignature(
            "The key was found, and the signature is not its.",
        ));
    }
    jwt.claims.check_times(now)
}

fn matching<'a>(
    known: &'a [FederatedCredential],
    jwt: &Jwt<'_>,
) -> Result<&'a FederatedCredential, OAuthError> {
    let claims = &jwt.claims;
    let audience = claims.aud.single();
    if known.is_empty() {
        return Err(OAuthError::NoFederatedCredential {
            issuer: claims.iss.clone(),
            subject: claims.sub.clone(),
            audience: audience.unwrap_or("(several)").to_owned(),
        });
    }
    let of_issuer: Vec<_> = known
        .iter()
        .filter(|credential| credential.issuer == claims.iss)
        .collect();
    if of_issuer.is_empty() {
        return Err(OAuthError::FederatedIssuer(claims.iss.clone()));
    }
    let of_subject: Vec<_> = of_issuer
        .iter()
        .filter(|credential| credential.subject == claims.sub)
        .collect();
    if of_subject.is_empty() {
        let subject = claims.sub.clone();
        let by_case = of_issuer
            .iter()
            .any(|credential| credential.subject.eq_ignore_ascii_case(&subject));
        return Err(if by_case {
            OAuthError::FederatedSubjectCase(subject)
        } else {
            OAuthError::FederatedSubject(subject)
        });
    }
    let found = of_subject
        .into_iter()
        .find(|credential| audience == Some(credential.audience.as_str()));
    found
        .copied()
        .ok_or_else(|| OAuthError::FederatedAudience(audience.unwrap_or("(several)").to_owned()))
}
