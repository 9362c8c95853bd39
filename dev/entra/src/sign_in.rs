//! Sign-in in a browser: the authorization endpoint, its pages, sessions, and sign-out.
//!
//! ```text
//! /authorize ─▶ AuthorizationRequest ─▶ next_step(request, browser's accounts, progress)
//!                                          ├─▶ page ─▶ POST /sign-in ─▶ progress ─▶ next_step …
//!                                          └─▶ code or error ─▶ redirect URI
//! ```

mod authorization_request;
mod browser;
mod code_challenge;
mod consent;
mod device;
mod endpoint;
mod logout;
mod next_step;
mod page;
mod redirect;

pub(crate) use browser::Browser;
pub(crate) use code_challenge::CodeChallenge;
pub(crate) use device::{device_login, enter_device_code, issue_device_code};
pub(crate) use endpoint::{SignIn, authorize_v1, authorize_v2, post_authorize, proceed};
pub(crate) use logout::logout;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod replaced_directory_tests;
#[cfg(test)]
mod test_browser;
#[cfg(test)]
mod tests;
