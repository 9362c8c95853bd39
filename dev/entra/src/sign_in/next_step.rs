//! The next step of a sign-in: a pure function of the request, the browser's accounts, and what the
//! user has done so far.

use super::authorization_request::{AuthorizationRequest, Prompt};
use super::browser::Account;
use super::consent::{Consents, Permissions};
use crate::directory::{Directory, User};
use crate::memory::Memory;
use crate::oauth_error::OAuthError;

/// What the user has done on the pages of one sign-in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// The session of the account that the user chose or signed in with.
    pub(super) session: Option<String>,
    pub(super) has_consented: bool,
}

/// What happens next.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// The user chooses an account or signs in.
    SignIn,
    /// The user confirms, so that the session meets these authentication contexts.
    Confirm(&'a User, Vec<String>),
    /// The user allows this.
    Consent(&'a User, Vec<Permissions<'a>>),
    /// The client gets a code.
    Grant(&'a User, Account),
    Deny(OAuthError),
}

pub(super) fn next_step<'a>(
    directory: &'a Directory,
    memory: &Memory,
    request: &AuthorizationRequest<'a>,
    accounts: &[Account],
    progress: &Progress,
) -> Step<'a> {
    let account = match account(directory, request, accounts, progress) {
        Ok(account) => account,
        Err(error) => return Step::Deny(error),
    };
    let found = account.and_then(|account| Some((account, account.of(directory)?)));
    let Some((account, user)) = found else {
        return Step::SignIn;
    };
    match steps_of(directory, memory, request, user, account, progress) {
        Ok(Some(step)) => step,
        Ok(None) => Step::Grant(user, account.clone()),
        Err(error) => Step::Deny(error),
    }
}

/// The account that the request is for, or `None` if the user has to choose one or sign in.
fn account<'b>(
    directory: &Directory,
    request: &AuthorizationRequest<'_>,
    accounts: &'b [Account],
    progress: &Progress,
) -> Result<Option<&'b Account>, OAuthError> {
    if let Some(session) = &progress.session {
        return Ok(accounts.iter().find(|account| account.session == *session));
    }
    if matches!(request.prompt, Prompt::Login | Prompt::SelectAccount) {
        return Ok(None);
    }
    let mut suitable = accounts.iter().filter(|account| {
        account
            .of(directory)
            .is_some_and(|user| account.suits(user, request))
    });
    match (suitable.next(), suitable.next(), request.prompt) {
        (Some(only), None, _) => Ok(Some(only)),
        (None, _, Prompt::None) => Err(OAuthError::NoSession),
        (Some(_), Some(_), Prompt::None) => Err(OAuthError::SeveralSessions),
        _ => Ok(None),
    }
}

/// What the user has to do before the client gets a code, if anything.
fn steps_of<'a>(
    directory: &'a Directory,
    memory: &Memory,
    request: &AuthorizationRequest<'a>,
    user: &'a User,
    account: &Account,
    progress: &Progress,
) -> Result<Option<Step<'a>>, OAuthError> {
    let tenant = directory
        .tenant_of(user)
        .ok_or(OAuthError::InvalidCredentials)?;
    if !request.realm.admits(user) || !request.client.is_in(tenant) {
        return Err(OAuthError::UserOfOtherTenant {
            client: request.client.client_id,
            tenant: tenant.name.clone(),
        });
    }
    for application in [request.client, request.resource] {
        if application.assignment_required && !user.is_assigned_to(application) {
            return Err(OAuthError::NotAssigned(application.client_id));
        }
    }
    let silent = request.prompt == Prompt::None;
    if let Some(context) = missing_context(request, user, account) {
        return if silent {
            Err(OAuthError::InteractionRequired {
                resource: request.resource.client_id,
                context,
            })
        } else {
            Ok(Some(Step::Confirm(user, vec![context])))
        };
    }
    let consents = Consents {
        directory,
        memory,
        user,
    };
    let wanted = consents.wanted(request, progress)?;
    match wanted.first() {
        None => Ok(None),
        Some(first) if silent => Err(first.missing()),
        Some(_) => Ok(Some(Step::Consent(user, wanted))),
    }
}

fn missing_context(
    request: &AuthorizationRequest<'_>,
    user: &User,
    account: &Account,
) -> Option<String> {
    let required = user.context_required_for(request.resource);
    request
        .contexts
        .iter()
        .map(String::as_str)
        .chain(required)
        .find(|context| !account.contexts.contains(*context))
        .map(str::to_owned)
}
