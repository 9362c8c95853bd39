//! Responses at a client's redirect URI, in the response modes of OAuth 2.0 Multiple Response Type
//! Encoding Practices §2.1 and OAuth 2.0 Form Post Response Mode.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use url::Url;
use url::form_urlencoded::Serializer;

use super::page;
use crate::clock::now;
use crate::memory::{DeviceState, Memory};
use crate::oauth_error::OAuthError;
use crate::parameters::Parameters;

/// Where the outcome of a sign-in goes.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    Client(Reply),
    /// A device that polls; the handle of its device code.
    Device(String),
}

impl Destination {
    /// What a policy for forms has to allow besides this server.
    pub(super) fn form_target(&self) -> String {
        match self {
            Self::Client(reply) => reply.form_target(),
            Self::Device(_) => String::new(),
        }
    }

    /// Denies the request. A device learns of a user's refusal only.
    pub(super) fn deny(&self, memory: &Memory, error: &OAuthError) -> Response {
        match self {
            Self::Client(reply) => reply.deny(error),
            Self::Device(handle) => {
                if matches!(error, OAuthError::UserDeclined) {
                    memory.devices.change(handle, now(), |device| {
                        device.state = DeviceState::Declined;
                    });
                }
                page::error(error)
            }
        }
    }
}

/// Where and how a response goes to the client.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    redirect_uri: Url,
    mode: ResponseMode,
    state: Option<String>,
}

/// Where a response has its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl ResponseMode {
    pub(super) fn parse(parameters: &Parameters) -> Result<Self, OAuthError> {
        match parameters.optional("response_mode") {
            None | Some("query") => Ok(Self::Query),
            Some("fragment") => Ok(Self::Fragment),
            Some("form_post") => Ok(Self::FormPost),
            Some(_) => Err(OAuthError::Malformed(
                "response_mode must be query, fragment or form_post",
            )),
        }
    }
}

impl Reply {
    pub(super) fn new(
        redirect_uri: &str,
        mode: ResponseMode,
        state: Option<String>,
    ) -> Option<Self> {
        Some(Self {
            redirect_uri: Url::parse(redirect_uri).ok()?,
            mode,
            state,
        })
    }

    /// What a policy for forms has to allow, because browsers apply it to redirects after a form:
    /// the origin of the redirect URI, or the scheme of an application's own.
    fn form_target(&self) -> String {
        let origin = self.redirect_uri.origin();
        if origin.is_tuple() {
            origin.ascii_serialization()
        } else {
            format!("{}:", self.redirect_uri.scheme())
        }
    }

    /// A response with `parameters`.
    pub(super) fn send(&self, mut parameters: Vec<(&'static str, String)>) -> Response {
        if let Some(state) = &self.state {
            parameters.push(("state", state.clone()));
        }
        match self.mode {
            ResponseMode::FormPost => {
                page::form_post(self.redirect_uri.as_str(), &self.form_target(), &parameters)
            }
            ResponseMode::Query | ResponseMode::Fragment => self.redirect(&parameters),
        }
    }

    /// A response that denies the request.
    fn deny(&self, error: &OAuthError) -> Response {
        let described = error.described();
        let mut parameters = vec![
            ("error", described.authorization_error.to_owned()),
            ("error_description", described.description),
        ];
        if let Some(suberror) = described.suberror {
            parameters.push(("suberror", suberror.to_owned()));
        }
        if let Some(claims) = described.claims {
            parameters.push(("claims", claims));
        }
        self.send(parameters)
    }

    fn redirect(&self, parameters: &[(&'static str, String)]) -> Response {
        let mut to = self.redirect_uri.clone();
        match self.mode {
            ResponseMode::Fragment => {
                let encoded = Serializer::new(String::new())
                    .extend_pairs(parameters)
                    .finish();
                to.set_fragment(Some(&encoded));
            }
            ResponseMode::Query | ResponseMode::FormPost => {
                to.query_pairs_mut().extend_pairs(parameters);
            }
        }
        let Ok(location) = HeaderValue::try_from(to.as_str()) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let headers = [
            (header::LOCATION, location),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            ),
        ];
        (StatusCode::FOUND, headers).into_response()
    }
}
