use super::client::Clients;
use super::kind::kind;
use super::{ClaimNames, OidcSettings};
use crate::audience::Audiences;
use crate::caller::Caller;
use crate::claims::{Claims, wrong};
use crate::refusal::{Reason, Refusal};

/// No API is addressed under more names than this at once.
const MAX_AUDIENCES: usize = 32;

/// Whom an access token of the provider speaks for. The provider itself stands for the tenant: ids
/// are its own.
pub(super) fn caller(
    claims: &Claims,
    settings: &OidcSettings,
    audiences: &Audiences,
) -> Result<Caller, Refusal> {
    refuse_id_token(claims)?;
    let named = audience(claims)?;
    if !named
        .iter()
        .any(|audience| audiences.accept(audience, None))
    {
        return Err(Refusal::new(
            Reason::AudienceNotAllowed,
            "the token is for another API; request one for this API's audience",
        ));
    }
    if let Some(claim) = settings.required.unmet(claims) {
        let detail =
            format!("the token's claim {claim} is absent or has a value that will not do here");
        return Err(Refusal::new(Reason::RequiredClaimMissing, detail));
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

/// Marks of an ID token: `nonce`, `at_hash` and `c_hash` are OpenID Connect Core's (§2, §3.3.2.11),
/// `typ: ID` is Keycloak's.
fn refuse_id_token(claims: &Claims) -> Result<(), Refusal> {
    let marked = ["nonce", "at_hash", "c_hash"]
        .iter()
        .any(|claim| claims.has(claim));
    if marked || claims.get("typ").is_some_and(|typ| typ == "ID") {
        let detail = "this is an ID token, which tells a client who signed in; request an access token for this API and send that";
        return Err(Refusal::new(Reason::IdToken, detail));
    }
    Ok(())
}

/// RFC 7519 §4.1.3: one text or a list of them.
fn audience(claims: &Claims) -> Result<Vec<String>, Refusal> {
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
