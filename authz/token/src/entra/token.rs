use crate::audience::Audiences;
use crate::caller::{Caller, CallerKind};
use crate::claims::{Claims, wrong};
use crate::header::graph_token;
use crate::refusal::{Reason, Refusal};

/// Microsoft Graph, by its application id and by its two URIs.
const GRAPH: [&str; 3] = [
    "00000003-0000-0000-c000-000000000000",
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/",
];

/// The two shapes of Entra's tokens. The API chooses which it gets, whatever endpoint the client
/// used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntraVersion {
    /// `ver: "1.0"`, issued by `sts.windows.net`, with `appid` and `unique_name`.
    V1,
    /// `ver: "2.0"`, with `azp` and `preferred_username`.
    V2,
}

impl EntraVersion {
    pub(super) const ALL: [Self; 2] = [Self::V1, Self::V2];

    pub(crate) fn from_claim(ver: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.claim() == ver)
    }

    /// The value of `ver`.
    pub(crate) fn claim(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }

    /// The claims that name the client application: this version's, and the other's.
    pub(crate) fn actor_claims(self) -> (&'static str, &'static str) {
        match self {
            Self::V1 => ("appid", "azp"),
            Self::V2 => ("azp", "appid"),
        }
    }

    /// Where a user's e-mail address or principal name may be, best first.
    fn email_claims(self) -> [&'static str; 4] {
        match self {
            Self::V1 => ["upn", "unique_name", "email", "preferred_username"],
            Self::V2 => ["preferred_username", "email", "upn", "unique_name"],
        }
    }
}

/// Whom a token of `tenant` speaks for, if it is an access token for one of `audiences`.
pub(super) fn caller(
    claims: &Claims,
    tenant: &str,
    version: EntraVersion,
    audiences: &Audiences,
) -> Result<Caller, Refusal> {
    let audience = claims.text("aud")?;
    if GRAPH.contains(&audience) {
        return Err(graph_token());
    }
    let actor = actor(claims, version)?;
    if !audiences.accept(audience, Some(version)) {
        return Err(Refusal::new(
            Reason::AudienceNotAllowed,
            "the token is for another API; request a scope of this one (api://<application id>/<scope>)",
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

/// Every access token names the client that obtained it; ID tokens are for the client itself and do
/// not.
fn actor(claims: &Claims, version: EntraVersion) -> Result<&str, Refusal> {
    let (own, other) = version.actor_claims();
    if claims.has(other) {
        return Err(inconsistent("it has the actor claim of another version"));
    }
    if !claims.has(own) {
        return Err(Refusal::new(
            Reason::IdToken,
            "this is an ID token, which tells a client who signed in; request an access token for this API and send that",
        ));
    }
    claims.guid(own)
}

/// `idtyp` says it, where the API asked for that claim; else scopes do: only delegated tokens have
/// them.
fn kind(claims: &Claims, scopes: &[String]) -> Result<CallerKind, Refusal> {
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
fn scopes(claims: &Claims) -> Result<Vec<String>, Refusal> {
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

/// When there are too many, Entra leaves them out and says where to ask ("Access token claims
/// reference", groups overage claim). Groups decide nothing here.
fn roles(claims: &Claims) -> Result<Vec<String>, Refusal> {
    let elsewhere = claims
        .get("_claim_names")
        .is_some_and(|names| names.get("roles").is_some());
    if elsewhere && !claims.has("roles") {
        return Err(Refusal::new(
            Reason::ClaimsOverage,
            "the caller has so many roles that the token leaves them out; assign fewer, or roles to groups of the application",
        ));
    }
    claims.list("roles")
}

fn email(claims: &Claims, version: EntraVersion) -> Result<Option<String>, Refusal> {
    for name in version.email_claims() {
        if let Some(email) = claims.optional_text(name)? {
            return Ok(Some(email.to_owned()));
        }
    }
    Ok(None)
}

fn inconsistent(what: &str) -> Refusal {
    Refusal::new(
        Reason::TokenInconsistent,
        format!("the token contradicts itself: {what}"),
    )
}
