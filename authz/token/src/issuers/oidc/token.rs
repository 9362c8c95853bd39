use super::client::Clients;
use super::kind::kind;
use super::{ClaimNames, OidcSettings};
use crate::caller::Caller;
use crate::claims::{Claims, wrong};
use crate::issuers::audience::Audiences;
use crate::token_denied::{Reason, TokenDenied};

/// The most audiences that one token may have.
const MAX_AUDIENCES: usize = 32;

/// Reads the caller of an access token of the provider. The issuer stands for the tenant, because
/// it gives out the ids.
pub(super) fn caller(
    claims: &Claims,
    settings: &OidcSettings,
    audiences: &Audiences,
) -> Result<Caller, TokenDenied> {
    deny_id_token(claims)?;
    let named = audience(claims)?;
    if !named
        .iter()
        .any(|audience| audiences.accept(audience, None))
    {
        return Err(TokenDenied::new(
            Reason::AudienceNotAllowed,
            "the token is for another API; request one for this API's audience",
        ));
    }
    if let Some(claim) = settings.required.unmet(claims) {
        let detail =
            format!("the token's claim {claim} is absent or has a value that is not accepted here");
        return Err(TokenDenied::new(Reason::RequiredClaimMissing, detail));
    }
    let ClaimNames {
        subject,
        name,
        email,
        roles,
        scopes,
    } = &settings.claims;
    let object_id = claims
        .text_at(subject)?
        .filter(|id| !id.is_empty())
        .ok_or_else(|| wrong(subject, "is absent"))?;
    let scopes = claims.words_or_list_at(scopes)?;
    Ok(Caller {
        tenant: settings.issuer.clone(),
        object_id: object_id.to_owned(),
        kind: kind(claims, &scopes, settings.kind.as_deref())?,
        actor: Clients::of(claims)?.first().map(str::to_owned),
        name: claims.text_at(name)?.map(str::to_owned),
        email: claims.text_at(email)?.map(str::to_owned),
        roles: claims.list_at(roles)?,
        scopes,
    })
}

/// Denies an ID token by its marks: `nonce`, `at_hash` and `c_hash` are OpenID Connect Core's (§2,
/// §3.3.2.11), `typ: ID` is Keycloak's.
fn deny_id_token(claims: &Claims) -> Result<(), TokenDenied> {
    let marked = ["nonce", "at_hash", "c_hash"]
        .iter()
        .any(|claim| claims.has(claim));
    if marked || claims.get("typ").is_some_and(|typ| typ == "ID") {
        let detail = "this is an ID token, which tells a client who signed in; request an access \
                      token for this API and send that";
        return Err(TokenDenied::new(Reason::IdToken, detail));
    }
    Ok(())
}

/// The audiences: one string or a list of strings (RFC 7519 §4.1.3).
fn audience(claims: &Claims) -> Result<Vec<String>, TokenDenied> {
    let named = match claims.optional_text("aud") {
        Ok(Some(audience)) => vec![audience.to_owned()],
        Ok(None) => return Err(wrong("aud", "is absent")),
        Err(_) => claims.list("aud")?,
    };
    if named.len() <= MAX_AUDIENCES {
        Ok(named)
    } else {
        Err(wrong("aud", "is longer than any issuer makes it"))
    }
}
