use crate::caller::{Caller, CallerKind};
use crate::claims::{Claims, wrong};
use crate::issuers::audience::Audiences;
use crate::issuers::entra_version::EntraVersion;
use crate::jws::graph_token;
use crate::token_denied::{Reason, TokenDenied};

/// The audiences of Microsoft Graph: its application id and its two URIs.
const GRAPH: [&str; 3] = [
    "00000003-0000-0000-c000-000000000000",
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/",
];

/// Reads the caller of a token of `tenant`, if it is an access token for one of `audiences`.
pub(super) fn caller(
    claims: &Claims,
    tenant: &str,
    version: EntraVersion,
    audiences: &Audiences,
) -> Result<Caller, TokenDenied> {
    let audience = claims.text("aud")?;
    if GRAPH.contains(&audience) {
        return Err(graph_token());
    }
    let actor = actor(claims, version)?;
    if !audiences.accept(audience, Some(version)) {
        return Err(TokenDenied::new(
            Reason::AudienceNotAllowed,
            "the token is for another API; request a scope of this one \
             (api://<application id>/<scope>)",
        ));
    }
    let scopes = scopes(claims)?;
    Ok(Caller {
        tenant: tenant.to_owned(),
        object_id: claims.guid("oid")?.to_owned(),
        kind: kind(claims, &scopes)?,
        actor: Some(actor.to_owned()),
        name: claims.optional_text("name")?.map(str::to_owned),
        email: email(claims, version)?,
        roles: roles(claims)?,
        scopes,
    })
}

/// The client that obtained the token. Every access token names it. An ID token does not, because
/// it is for the client itself.
fn actor(claims: &Claims, version: EntraVersion) -> Result<&str, TokenDenied> {
    let (own, other) = version.actor_claims();
    if claims.has(other) {
        return Err(inconsistent("it has the actor claim of another version"));
    }
    if !claims.has(own) {
        return Err(TokenDenied::new(
            Reason::IdToken,
            "this is an ID token, which tells a client who signed in; request an access token for \
             this API and send that",
        ));
    }
    claims.guid(own)
}

/// The kind of caller, by `idtyp` if the API requests that optional claim. Otherwise scopes decide
/// it, because only delegated tokens have them.
fn kind(claims: &Claims, scopes: &[String]) -> Result<CallerKind, TokenDenied> {
    let names_a_person = ["preferred_username", "upn", "unique_name"]
        .iter()
        .any(|claim| claims.has(claim));
    match (claims.optional_text("idtyp")?, !scopes.is_empty()) {
        (Some("user") | None, true) => Ok(CallerKind::User),
        (Some("app"), false) => Ok(CallerKind::Application),
        (None, false) if !names_a_person => Ok(CallerKind::Application),
        _ => Err(inconsistent(
            "it is unclear whether it speaks for a user or an application",
        )),
    }
}

/// The scopes of a delegated token; none in an app-only token, whose `scp` is absent, empty or `/`
/// ("Token claims reference for agent IDs": "Empty or `/` (unscoped)").
fn scopes(claims: &Claims) -> Result<Vec<String>, TokenDenied> {
    match claims.optional_text("scp")? {
        None | Some("" | "/") => Ok(Vec::new()),
        Some(_) => {
            let scopes = claims.words("scp")?;
            let mixed = scopes.is_empty() || scopes.iter().any(|scope| scope == "/");
            if mixed {
                Err(wrong("scp", "is neither a list of scopes nor unscoped"))
            } else {
                Ok(scopes)
            }
        }
    }
}

/// The roles. If there are too many, Entra omits them and names an endpoint that has them ("Access
/// token claims reference", groups overage claim). Groups are not read.
fn roles(claims: &Claims) -> Result<Vec<String>, TokenDenied> {
    let elsewhere = claims
        .get("_claim_names")
        .is_some_and(|names| names.get("roles").is_some());
    if elsewhere && !claims.has("roles") {
        return Err(TokenDenied::new(
            Reason::ClaimsOverage,
            "the caller has so many roles that the token leaves them out; assign fewer, or assign \
             roles to groups",
        ));
    }
    claims.list("roles")
}

fn email(claims: &Claims, version: EntraVersion) -> Result<Option<String>, TokenDenied> {
    for name in version.email_claims() {
        if let Some(email) = claims.optional_text(name)? {
            return Ok(Some(email.to_owned()));
        }
    }
    Ok(None)
}

fn inconsistent(what: &str) -> TokenDenied {
    TokenDenied::new(
        Reason::TokenInconsistent,
        format!("the token contradicts itself: {what}"),
    )
}
