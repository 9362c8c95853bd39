//! The request attributes that decisions use.
//!
//! They arrive as Envoy 1.40 sends them with the settings of `envoy/listeners.yaml`.

use std::str::from_utf8;

use portcullis_token::Authorization;

use crate::ext_authz::CheckRequest;
use crate::limits::{REQUEST_SIZE, RequestSize};

/// Header with the client before the proxies that Envoy trusts. Envoy writes it itself and removes
/// a client's.
const EXTERNAL_ADDRESS: &str = "x-envoy-external-address";

/// Request attributes of a `CheckRequest`, as strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes<'a> {
    /// The policy that the route names in `context_extensions`, if it names one.
    pub(crate) policy: Option<&'a str>,
    /// The prefix that Envoy removes from the path on the way to the upstream. The route names it
    /// beside the policy.
    pub(crate) removed_prefix: &'a str,
    pub(crate) authorization: Authorization<'a>,
    pub(crate) method: &'a str,
    /// Path and query as the client's request had them after normalization.
    pub(crate) path: &'a str,
    pub(crate) request_id: &'a str,
    /// The size of the client's request, if the gateway sends it.
    pub(crate) size: Option<RequestSize>,
    /// The client's address, as far as Envoy trusts it.
    pub(crate) client: &'a str,
}

impl<'a> Attributes<'a> {
    /// Reads the attributes.
    ///
    /// `None` if there is no HTTP request, or if a string is not UTF-8, as Protocol Buffers demand.
    pub(crate) fn read(check: &'a CheckRequest) -> Option<Self> {
        let context = check.attributes.as_ref()?;
        let http = context.request.as_ref()?.http.as_ref()?;
        let extension = |name| context.extension(name).map(from_utf8).transpose().ok();
        let header = |name| http.lines(name).next_back();
        let client = header(EXTERNAL_ADDRESS).unwrap_or(context.source_address());
        Some(Self {
            policy: extension("policy")?,
            removed_prefix: extension("removed_prefix")?.unwrap_or_default(),
            authorization: Authorization::from_lines(http.lines("authorization")),
            method: from_utf8(&http.method).ok()?,
            path: from_utf8(&http.path).ok()?,
            request_id: header("x-request-id")
                .and_then(|id| from_utf8(id).ok())
                .unwrap_or_default(),
            size: header(REQUEST_SIZE).and_then(RequestSize::read),
            client: from_utf8(client).unwrap_or_default(),
        })
    }

    /// Path and query as the upstream sees them; `None` if the path lacks the route's prefix.
    pub(crate) fn upstream_path(&self) -> Option<&'a str> {
        self.path
            .strip_prefix(self.removed_prefix)
            .filter(|path| path.starts_with('/'))
    }
}

#[cfg(test)]
mod tests;
