//! The handlers of `/authorize` and of the forms on its pages.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use serde_json::json;

use super::authorization_request::{AuthorizationRequest, Denied, Prompt};
use super::browser::{self, Account};
use super::consent::Permissions;
use super::next_step::{Progress, Step, next_step};
use super::page;
use super::redirect::{Destination, Reply};
use crate::authority::Version;
use crate::clock::now;
use crate::directory::User;
use crate::entra::Entra;
use crate::memory::{
    AuthorizationCode, CODE_LIVES, DeviceState, SESSION_LIVES, SIGN_IN_LIVES, UserGrant,
};
use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;

/// Maximum bytes of an authorization request, which is kept until its sign-in ends.
const MOST_BYTES: usize = 16 * 1024;

/// A sign-in that waits for its user. Its handle is in the forms of its pages.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    /// The cookie of the browser that began it. No other may continue, so that no page of another
    /// site can submit a form for the user.
    browser: String,
    target: Target,
    progress: Progress,
}

/// What a sign-in is for.
#[derive(Clone, Debug)]
enum Target {
    Client {
        endpoint: Version,
        segment: String,
        parameters: Parameters,
    },
    /// The handle of a device code.
    Device(String),
}

/// `GET /{tenant}/oauth2/v2.0/authorize`
pub(crate) async fn authorize_v2(
    State(entra): State<Arc<Entra>>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = parsed(query.unwrap_or_default().as_bytes(), Parameters::parse);
    authorize(&entra, Version::V2, tenant, &headers, parameters)
}

/// `GET /{tenant}/oauth2/authorize`
pub(crate) async fn authorize_v1(
    State(entra): State<Arc<Entra>>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = parsed(query.unwrap_or_default().as_bytes(), Parameters::parse);
    authorize(&entra, Version::V1, tenant, &headers, parameters)
}

/// `POST /{tenant}/oauth2/v2.0/authorize`, which OpenID Connect Core §3.1.2.1 requires.
pub(crate) async fn post_authorize(
    State(entra): State<Arc<Entra>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let parameters = parsed(&body, |body| Parameters::form(&headers, body));
    authorize(&entra, Version::V2, tenant, &headers, parameters)
}

fn parsed(
    text: &[u8],
    parse: impl FnOnce(&[u8]) -> Result<Parameters, OAuthError>,
) -> Result<Parameters, OAuthError> {
    if text.len() > MOST_BYTES {
        return Err(OAuthError::TooLong(MOST_BYTES));
    }
    parse(text)
}

fn authorize(
    entra: &Entra,
    endpoint: Version,
    segment: String,
    headers: &HeaderMap,
    parameters: Result<Parameters, OAuthError>,
) -> Response {
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(error) => return page::error(&error),
    };
    let target = Target::Client {
        endpoint,
        segment,
        parameters,
    };
    begin(entra, headers, target).unwrap_or_else(|error| page::error(&error))
}

/// Begins the sign-in for a device.
pub(super) fn begin_for_device(
    entra: &Entra,
    headers: &HeaderMap,
    handle: String,
) -> Result<Response, OAuthError> {
    begin(entra, headers, Target::Device(handle))
}

fn begin(entra: &Entra, headers: &HeaderMap, target: Target) -> Result<Response, OAuthError> {
    let (browser, is_new) = browser_of(entra, headers)?;
    let sign_in = SignIn {
        browser,
        target,
        progress: Progress::default(),
    };
    let mut response = advance(entra, &sign_in, None);
    if is_new && let Some(cookie) = browser::set_cookie(&sign_in.browser) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The handle of the browser, and whether it is new.
fn browser_of(entra: &Entra, headers: &HeaderMap) -> Result<(String, bool), OAuthError> {
    let known = browser::cookie(headers)
        .filter(|handle| entra.memory.browsers.get(handle, now()).is_some());
    if let Some(handle) = known {
        return Ok((handle.to_owned(), false));
    }
    let now = now();
    let handle =
        entra
            .memory
            .browsers
            .issue(super::Browser::default(), now, now + SESSION_LIVES)?;
    Ok((handle, true))
}

/// `POST /sign-in`: a form of a page.
pub(crate) async fn proceed(
    State(entra): State<Arc<Entra>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    submit(&entra, &headers, &body).unwrap_or_else(|error| page::error(&error))
}

fn submit(entra: &Entra, headers: &HeaderMap, body: &[u8]) -> Result<Response, OAuthError> {
    let form = Parameters::form(headers, body)?;
    let handle = form.required("sign_in")?;
    let sign_in = entra
        .memory
        .sign_ins
        .get(handle, now())
        .filter(|sign_in| browser::cookie(headers) == Some(&sign_in.browser))
        .ok_or(OAuthError::UnknownSignIn)?;
    let request = match sign_in.request(entra) {
        Ok(request) => request,
        Err(denied) => return Ok(deny(entra, &denied)),
    };
    match Action::parse(&form)? {
        Action::Decline => {
            entra.memory.sign_ins.remove(handle);
            Ok(request
                .destination
                .deny(&entra.memory, &OAuthError::UserDeclined))
        }
        action => match act(entra, &sign_in, &request, &action) {
            Ok(progress) => {
                entra
                    .memory
                    .sign_ins
                    .change(handle, now(), |sign_in| sign_in.progress = progress.clone());
                let sign_in = SignIn {
                    progress,
                    ..sign_in
                };
                Ok(advance(entra, &sign_in, Some(handle)))
            }
            Err(error) => Ok(page::sign_in(entra, &request, &[], handle, Some(&error))),
        },
    }
}

/// What a user does on a page.
enum Action<'a> {
    /// Continues with an account that is signed in.
    Choose {
        session: &'a str,
    },
    /// Signs in by a click on the list of users, which Entra does not have.
    Click {
        username: &'a str,
    },
    Password {
        username: &'a str,
        password: &'a str,
    },
    StepUp,
    Consent,
    Decline,
    /// Goes back to the list of accounts.
    Another,
}

impl<'a> Action<'a> {
    fn parse(form: &'a Parameters) -> Result<Self, OAuthError> {
        if let Some(session) = form.optional("session") {
            return Ok(Self::Choose { session });
        }
        if let Some(username) = form.optional("user") {
            return Ok(Self::Click { username });
        }
        match form.required("action")? {
            "password" => Ok(Self::Password {
                username: form.required("username")?,
                password: form.required("password")?,
            }),
            "step-up" => Ok(Self::StepUp),
            "consent" => Ok(Self::Consent),
            "decline" => Ok(Self::Decline),
            "another" => Ok(Self::Another),
            _ => Err(OAuthError::Malformed("the form has an unknown action")),
        }
    }
}

/// Does what the user asked for, and returns the progress after it.
fn act(
    entra: &Entra,
    sign_in: &SignIn,
    request: &AuthorizationRequest<'_>,
    action: &Action<'_>,
) -> Result<Progress, OAuthError> {
    let mut progress = sign_in.progress.clone();
    match action {
        Action::Choose { session } => {
            let accounts = sign_in.accounts(entra).into_iter();
            progress.session = accounts
                .map(|account| account.session)
                .find(|known| known == session);
        }
        Action::Click { username } => {
            let user = request
                .realm
                .user_named(&entra.directory, username)
                .ok_or(OAuthError::InvalidCredentials)?;
            progress.session = Some(start_session(entra, sign_in, user)?);
        }
        Action::Password { username, password } => {
            let user = request
                .realm
                .user_named(&entra.directory, username)
                .filter(|user| user.password.matches(password))
                .ok_or(OAuthError::InvalidCredentials)?;
            progress.session = Some(start_session(entra, sign_in, user)?);
        }
        Action::StepUp => meet_contexts(entra, sign_in, request),
        Action::Consent => {
            consent(entra, sign_in, request)?;
            progress.has_consented = true;
        }
        Action::Another | Action::Decline => progress.session = None,
    }
    Ok(progress)
}

/// Signs `user` in, and returns the id of the session.
fn start_session(entra: &Entra, sign_in: &SignIn, user: &User) -> Result<String, OAuthError> {
    entra
        .memory
        .browsers
        .change(&sign_in.browser, now(), |browser| browser.sign_in(user))
        .ok_or(OAuthError::UnknownSignIn)
}

/// Marks the contexts that the request or its resource demands as met by the session.
fn meet_contexts(entra: &Entra, sign_in: &SignIn, request: &AuthorizationRequest<'_>) {
    let Some(session) = &sign_in.progress.session else {
        return;
    };
    entra
        .memory
        .browsers
        .change(&sign_in.browser, now(), |browser| {
            let account = browser.account_mut(session)?;
            let user = account.of(&entra.directory)?;
            let required = user.context_required_for(request.resource);
            let demanded = request.contexts.iter().map(String::as_str).chain(required);
            account.meet(demanded.map(str::to_owned).collect());
            Some(())
        });
}

fn consent(
    entra: &Entra,
    sign_in: &SignIn,
    request: &AuthorizationRequest<'_>,
) -> Result<(), OAuthError> {
    let accounts = sign_in.accounts(entra);
    let step = next_step(
        &entra.directory,
        &entra.memory,
        request,
        &accounts,
        &sign_in.progress,
    );
    if let Step::Consent(user, wanted) = step {
        for Permissions {
            client,
            resource,
            scopes,
        } in wanted
        {
            entra.memory.consent(user, client, resource, scopes);
        }
        return Ok(());
    }
    Err(OAuthError::Malformed("there is nothing to consent to"))
}

impl SignIn {
    fn request<'a>(&self, entra: &'a Entra) -> Result<AuthorizationRequest<'a>, Denied> {
        match &self.target {
            Target::Client {
                endpoint,
                segment,
                parameters,
            } => AuthorizationRequest::parse(&entra.directory, *endpoint, segment, parameters),
            Target::Device(handle) => entra
                .memory
                .devices
                .get(handle, now())
                .ok_or(OAuthError::ExpiredDeviceCode)
                .and_then(|device| {
                    AuthorizationRequest::of_device(&entra.directory, handle, &device)
                })
                .map_err(Denied::OnPage),
        }
    }

    fn accounts(&self, entra: &Entra) -> Vec<Account> {
        entra
            .memory
            .browsers
            .get(&self.browser, now())
            .map(|browser| browser.accounts().to_vec())
            .unwrap_or_default()
    }
}

/// Answers with the next page, or at the client's redirect URI. `handle` is that of the sign-in, if
/// a page had it before.
fn advance(entra: &Entra, sign_in: &SignIn, handle: Option<&str>) -> Response {
    let request = match sign_in.request(entra) {
        Ok(request) => request,
        Err(denied) => return deny(entra, &denied),
    };
    let accounts = sign_in.accounts(entra);
    let step = next_step(
        &entra.directory,
        &entra.memory,
        &request,
        &accounts,
        &sign_in.progress,
    );
    let done = match step {
        Step::Grant(user, account) => grant(entra, &request, user, &account),
        Step::Deny(error) => Ok(deny_step(entra, &request, &error)),
        page => show(entra, &request, sign_in, handle, &accounts, &page),
    };
    done.unwrap_or_else(|error| page::error(&error))
}

/// The page of a step.
fn show(
    entra: &Entra,
    request: &AuthorizationRequest<'_>,
    sign_in: &SignIn,
    handle: Option<&str>,
    accounts: &[Account],
    step: &Step<'_>,
) -> Result<Response, OAuthError> {
    let now = now();
    let handle = match handle {
        Some(handle) => handle.to_owned(),
        None => entra
            .memory
            .sign_ins
            .issue(sign_in.clone(), now, now + SIGN_IN_LIVES)?,
    };
    // An account chosen without a click, such as the only one, is that of the following pages.
    if let Step::Confirm(user, _) | Step::Consent(user, _) = step {
        let session = accounts
            .iter()
            .find(|account| account.is_of(user))
            .map(|account| account.session.clone());
        entra
            .memory
            .sign_ins
            .change(&handle, now, |sign_in| sign_in.progress.session = session);
    }
    Ok(match step {
        Step::Confirm(user, contexts) => page::step_up(request, user, contexts, &handle),
        Step::Consent(user, wanted) => page::consent(request, user, wanted, &handle),
        _ => page::sign_in(entra, request, accounts, &handle, None),
    })
}

fn deny(entra: &Entra, denied: &Denied) -> Response {
    match denied {
        Denied::OnPage(error) => page::error(error),
        Denied::ToClient(destination, error) => destination.deny(&entra.memory, error),
    }
}

/// Errors that the user can do something about are shown, as in Entra, unless the request is
/// silent.
fn deny_step(entra: &Entra, request: &AuthorizationRequest<'_>, error: &OAuthError) -> Response {
    let is_for_user = matches!(
        error,
        OAuthError::UserOfOtherTenant { .. }
            | OAuthError::NotAssigned(_)
            | OAuthError::AdminConsent { .. }
    );
    if is_for_user && request.prompt != Prompt::None {
        page::error(error)
    } else {
        request.destination.deny(&entra.memory, error)
    }
}

/// Answers the client with a code, or lets a device have its tokens.
fn grant(
    entra: &Entra,
    request: &AuthorizationRequest<'_>,
    user: &User,
    account: &Account,
) -> Result<Response, OAuthError> {
    let grant = UserGrant {
        tenant: user.tenant,
        user: user.object_id,
        client: request.client.client_id,
        scope: request.scope.clone(),
        contexts: account.contexts.iter().cloned().collect(),
        session: Some(account.session.clone()),
        nonce: request.nonce.clone(),
        platform: request.platform,
    };
    tracing::info!(client_id = %grant.client, oid = %grant.user, "signed in");
    match &request.destination {
        Destination::Client(reply) => send_code(entra, request, reply, grant),
        Destination::Device(handle) => {
            entra.memory.devices.change(handle, now(), |device| {
                device.state = DeviceState::Granted(grant);
            });
            Ok(page::message(
                "You have signed in",
                "Your device continues by itself. You may close this window.",
                &[],
            ))
        }
    }
}

fn send_code(
    entra: &Entra,
    request: &AuthorizationRequest<'_>,
    reply: &Reply,
    grant: UserGrant,
) -> Result<Response, OAuthError> {
    let now = now();
    let info = json!({"uid": grant.user, "utid": grant.tenant}).to_string();
    let session = grant.session.clone().unwrap_or_default();
    let code = AuthorizationCode {
        grant,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        ends: now + CODE_LIVES,
        is_redeemed: false,
    };
    // It is kept longer than it works, so that its error can say that it has expired.
    let code = entra.memory.codes.issue(code, now, now + 2 * CODE_LIVES)?;
    let mut parameters = vec![("code", code)];
    if request.wants_client_info {
        parameters.push(("client_info", URL_SAFE_NO_PAD.encode(info)));
    }
    parameters.push(("session_state", session));
    Ok(reply.send(parameters))
}
