//! The codes of findings: what each lets an attacker do, and what to write instead.

use clap::ValueEnum;

/// Declares the codes, each with its danger and its fix. The name of a code is its variant's, in
/// kebab case.
macro_rules! codes {
    ($($variant:ident: $danger:literal, $fix:literal;)*) => {
        /// The kinds of findings. Names are stable: programs and `--allow` refer to them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
        pub(crate) enum Code { $(#[doc = $danger] $variant),* }

        impl Code {
            /// What the finding lets an attacker do, or what fails.
            pub(crate) fn danger(self) -> &'static str {
                match self { $(Self::$variant => $danger),* }
            }

            /// What to write instead.
            pub(crate) fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix),* }
            }
        }
    };
}

codes! {
    FileUnusable:
        "nothing in this file was checked; Envoy rejects a file with an error as a whole and keeps \
         the last good one",
        "correct the file, or keep files that are not Envoy's in another folder";
    PolicyUnusable:
        "the authz server keeps its last good policies, so the policies that routes name were not \
         checked",
        "correct the document; `portcullis check` says the same";
    ListenerMissing:
        "the listeners, which reject requests and remove headers, were not checked",
        "give the folder that has the listeners too";
    RoutesElsewhere:
        "routes from elsewhere were not checked; a route without a policy is closed, but a route \
         with authorization disabled is open",
        "give the folder that has the route configuration too, under the name that the listener \
         uses";
    ConfiguredElsewhere:
        "this part is delivered while Envoy runs, so nothing of it was checked",
        "write it into these files, or check the delivered configuration";
    SettingUnknown:
        "Envoy 1.40 has no such field; it ignores unknown fields in files that it reads while it \
         runs, so the intended setting is not in force",
        "correct the name, or delete the field";
    SettingUnlisted:
        "lint has no rule for this setting, so its effect on authorization is unknown",
        "delete the field, or allow this code once it is known what the field does";
    ExtensionUnlisted:
        "lint has no rule for this extension; it may run code of its own, copy requests, or answer \
         them",
        "delete the extension, or allow this code once it is known what the extension does";
    RuntimeOverridden:
        "runtime keys can switch off fixes and checks of Envoy, and send a fraction of the \
         requests past a filter",
        "delete the key; limits (`overload.`, `re2.`, `circuit_breakers.`) may stay";

    RouteWithoutPolicy:
        "an outage, not an attack: the authz server denies every request to it; a default policy \
         added above it later opens it to the callers of that default",
        "name a policy in `context_extensions` of this route, its virtual host or its route \
         configuration";
    PolicyUnknown:
        "an outage, not an attack: the authz server denies every request to it; a policy that \
         takes the name later opens it",
        "name a policy that exists, or write the RoutePolicy";
    PolicyWithoutRoute:
        "a stricter rule in this policy protects nothing, because the route that it is for uses \
         another policy",
        "name it at the route that it is for, or delete it";
    AuthorizationDisabled:
        "any client reaches the service, without a token and without a rate limit",
        "delete `disabled: true` and name a policy in `check_settings`; `disabled` is only for \
         routes without a service";
    RemovedPrefixWrong:
        "the authz server signs a path that the service does not see: a service that checks the \
         path denies every request, and a service that does not check it accepts the assertion at \
         other paths",
        "write `removed_prefix` beside the policy, with exactly the prefix that the rewrite \
         removes; omit it if the rewrite removes nothing";
    RewriteNotSignable:
        "the service sees a path that is not the end of the authorized path, such as `//x` for \
         `/shop/x`, so it serves something that was not authorized",
        "remove a prefix, with the same slash at both ends: match `/shop/`, `prefix_rewrite: /`, \
         `removed_prefix: /shop`";
    RewriteNotAnchored:
        "Envoy replaces every match: `/a/x/a/y` loses both `/a`, and the service sees a path that \
         was not authorized",
        "begin the pattern with `^`";
    ClusterChosenByClient:
        "the client names the service in a header, so a token for one service opens every cluster",
        "name the cluster, with one route for each";
    ClusterChosenElsewhere:
        "an extension chooses the cluster or the route: a request authorized for one service \
         reaches another",
        "name the cluster in `cluster`, with one route for each";
    DestinationChosenByClient:
        "the client names the address in a header or in its connection, and the request goes there \
         with its identity",
        "`type: STATIC`, `STRICT_DNS`, `LOGICAL_DNS` or `EDS`, with endpoints that the \
         configuration names";
    HostChosenByClient:
        "the client names the host in a header or in the path: Envoy or the service takes it for \
         another site than the one that was authorized",
        "`host_rewrite_literal`, or `auto_host_rewrite: true`";
    RequestsMirrored:
        "another service gets each request too, with the caller's token and identity, under a \
         policy that was not its own",
        "delete `request_mirror_policies`";
    RedirectsFollowed:
        "the service's answer makes Envoy send the request again, along a route that the service \
         chooses",
        "delete `internal_redirect_policy`; the client follows redirects";
    PerFilterConfigUnknown:
        "Envoy accepts settings under a name that no filter has and ignores them, so a policy that \
         is written there is not in force",
        "use the name that the ext_authz filter has in `http_filters`, and the type \
         `envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute`";

    PathNotNormalized:
        "`/open/../closed` takes the route and the policy of `/open`, and the service serves \
         `/closed`",
        "`normalize_path: true`";
    SlashesNotMerged:
        "`//closed` misses the route of `/closed` and takes a wider one, and the service serves \
         `/closed`",
        "`merge_slashes: true`";
    EscapedSlashesPass:
        "`/open/..%2fclosed` takes the route and the policy of `/open`, and the service decodes it \
         to `/closed` (CVE-2021-29492)",
        "`path_with_escaped_slashes_action: REJECT_REQUEST`, or UNESCAPE_AND_REDIRECT";
    PathCaseInsensitive:
        "`/PUBLIC/x` takes the route and the policy of `/public/`, and a case-sensitive service \
         serves something else",
        "delete `case_sensitive: false`, and `(?i)` in a regular expression";
    PathMatchedAsHeader:
        "the header `:path` has the query too: `/closed?/open/` takes the route and the policy \
         that are meant for `/open/`",
        "match the path by `path`, `prefix`, `path_separated_prefix` or `safe_regex` of `match`";
    PathParametersIgnored:
        "`/open;x/closed` takes the route and the policy of `/open`, and the service sees the \
         whole path",
        "delete `ignore_path_parameters_in_path_matching`";
    PathRegexCrossesSegments:
        "`.*` matches slashes too: `/users/.*/photo` also matches `/users/1/secret/photo`, under \
         the policy of the photo",
        "match one segment by a list of characters: `[A-Za-z0-9_-]+`";
    PathRegexOdd:
        "`[^/]+` also matches `..%3b` and `%252f`, which a service that decodes once more reads as \
         another path than the one that was authorized",
        "match one segment by a list of characters: `[A-Za-z0-9_-]+`";

    UnderscoresPass:
        "`X_User_OID` gets round the removal of `x-user-`, and CGI-style servers read both as one \
         (CVE-2025-64484)",
        "`common_http_protocol_options: {headers_with_underscores_action: REJECT_REQUEST}`, or \
         DROP_HEADER";
    IdentityHeadersNotRemoved:
        "the client chooses its identity: its header passes wherever the authz server sets none, \
         and on every route without authorization",
        "in `early_header_mutation_extensions`: `{remove_on_match: {key_matcher: {prefix: x-user-, \
         ignore_case: true}}}`, and the same for `x-tenant-` and `x-portcullis-`";
    RequestIdNotRemoved:
        "where Envoy keeps it (an internal address, `preserve_external_request_id`), the client \
         chooses the id of its request, which then passes for another request in logs and traces",
        "in `early_header_mutation_extensions`: `{remove: x-request-id}`";
    InstructionsNotRemoved:
        "the client instructs Envoy or the service by a header: another path, method or host than \
         the one that was authorized, or retries and timeouts of its choice",
        "in `early_header_mutation_extensions`, remove the header by name, and `x-envoy-` by \
         prefix with `ignore_case: true`";
    RemovalNeverMatches:
        "header names arrive in lower case, so this removes nothing",
        "write the name in lower case, or add `ignore_case: true` to `exact`, `prefix`, `suffix` \
         or `contains`";
    ForeignIdentityHeadersPass:
        "a service that believes another gateway's headers, such as `X-MS-CLIENT-PRINCIPAL`, \
         `Client-Cert` or `X-Real-IP`, or that reads `x.user.oid` as `x-user-oid`, believes a \
         client's",
        "in `early_header_mutation_extensions`, the lines of `envoy/listeners.yaml` that \
         docs/identity-headers.md explains";
    IdentityHeadersRemovedLate:
        "the removal runs after the authz server and deletes the verified identity; until then, \
         every filter believes the client's headers",
        "delete it here, and remove the prefix in `early_header_mutation_extensions`";
    IdentityHeadersAdded:
        "the authz server or the service takes this value for the caller's own token or for the \
         identity that was verified",
        "give the header a name that does not begin with `x-user-`, `x-tenant-` or \
         `x-portcullis-`, and is not `authorization`";
    ClientAddressBelieved:
        "a client's `x-forwarded-for` is its address in logs, in limits and at the service, and \
         may make it internal",
        "`use_remote_address: true`, and `{remove: x-forwarded-for}` in \
         `early_header_mutation_extensions` while no hop is trusted";
    ClientAddressLost:
        "every client has the load balancer's address in logs, in limits and at the service, so \
         clients cannot be told apart and one can be blamed for another",
        "delete the removal of `x-forwarded-for`, or set `xff_num_trusted_hops: 0`";
    ClientCertificateBelieved:
        "`x-forwarded-client-cert` of a client reaches the service, which takes it for a \
         certificate that Envoy verified",
        "`forward_client_cert_details: SANITIZE`, or SANITIZE_SET";
    TrailersPass:
        "a client's trailers reach the service past the removal of headers, and some servers read \
         them as headers: `X-User-OID` again",
        "delete `enable_trailers`";
    FramingAmbiguous:
        "a request with Content-Length and Transfer-Encoding passes: two programs see two requests \
         in it (RFC 9112 section 6.3)",
        "delete `allow_chunked_length`";
    UpgradesEnabled:
        "one authorized request opens a tunnel through which many pass unseen; `Connection: \
         Upgrade, X-User-OID` keeps the header past sanitizing (CVE-2026-73548 is of this kind)",
        "delete the entry of `upgrade_configs`, or `enabled: false`";

    NetworkFilterUnlisted:
        "the filter answers by itself or passes bytes to a service, without a Check",
        "delete the filter; a service is reached through `http_connection_manager` only";
    ListenerFilterUnlisted:
        "the filter may change where a connection comes from or goes to, before anything is \
         authorized",
        "delete the filter; `tls_inspector`, `http_inspector` and `local_ratelimit` may stay";
    AuthorizationMissing:
        "any client reaches every service of this listener, because no filter calls the authz \
         server",
        "add the filter ext_authz of `envoy/listeners.yaml`, last before the router";
    FilterBeforeAuthorization:
        "the filter sees requests before they are authorized, and may answer them or change the \
         path and headers that the authz server then checks",
        "put ext_authz before it; only filters that use no token and change nothing may stand \
         before ext_authz";
    FilterBehindAuthorization:
        "the filter runs after the authz server: it may give one caller another's answer, as a \
         cache does, or change the path and the identity that were authorized",
        "put the filter on a listener of its own, or delete it; only filters that reject, count or \
         compress may stand behind ext_authz";
    UpstreamFilterUnlisted:
        "the filter runs after the authz server, once the cluster is chosen, and may change the \
         path and the identity that were authorized",
        "delete the filter; `upstream_codec` may stay";
    AuthorizationSwitchable:
        "requests pass without a Check wherever the condition is not met, so a route that does not \
         set it is open",
        "delete `filter_enabled`, `filter_enabled_metadata` and the filter's own `disabled` and \
         `is_optional`";
    AuthorizationReplaced:
        "on this route a server other than the filter's decides, and it has none of the policies",
        "delete `grpc_service` and `http_service` from `check_settings`";
    AuthorizationNotEnforced:
        "a denied request is counted, but still passes",
        "delete `shadow_mode`";
    AuthorizationOverHttp:
        "an outage, not an attack: the authz server speaks gRPC only, and Envoy sends \
         `context_extensions` over gRPC only",
        "`grpc_service` in place of `http_service`";
    AuthorizationFailsOpen:
        "every request passes while the authz server is unavailable, and an attacker who can \
         overload it or break one Check decides when (CVE-2023-27488, CVE-2024-23324)",
        "`failure_mode_allow: false`";
    FailureModeTold:
        "a header tells the service that no Check was made, which only makes sense where requests \
         pass without one",
        "delete `failure_mode_allow_header_add`";
    ErrorLooksForbidden:
        "during an outage of the authz server, Envoy answers 403: clients drop good tokens, and an \
         attack on the authz server looks like denials",
        "`status_on_error: {code: ServiceUnavailable}`";
    RawHeadersNotEncoded:
        "bytes that are not UTF-8 reach the authz server as `!` and the service unchanged, so the \
         two read different tokens",
        "`encode_raw_headers: true`";
    BodySent:
        "Envoy holds every body in memory before the caller is authenticated, and the authz server \
         does not read it",
        "delete `with_request_body`";
    RouteCacheCleared:
        "the headers of the CheckResponse choose the route again: the request reaches a route \
         whose policy was not checked",
        "`clear_route_cache: false`";
    TokenNotSent:
        "an outage, not an attack: the authz server never sees a token and answers 401",
        "add `{exact: authorization}` to `allowed_headers`, and keep it out of \
         `disallowed_headers`";
    MutationsNotValidated:
        "a line break in a value that the authz server sends becomes a header of its own at the \
         service (CVE-2023-27493)",
        "`validate_mutations: true`";

    TlsWeakened:
        "an attacker on the network reads or changes requests with their tokens: by an old \
         version, a recorded key, or a certificate that is not verified",
        "TLS 1.2 or later, a `validation_context` for each upstream, without `key_log`, \
         `allow_renegotiation`, `allow_expired_certificate` and `ACCEPT_UNTRUSTED`";
    TokenLogged:
        "the token or the assertion is written to a log or a trace: its readers can call the \
         services as the owner of the token",
        "delete the field; `%REQ(X-REQUEST-ID)%` tells requests apart";

    AdminExposed:
        "any client that reaches the port can stop Envoy, read its configuration and secrets, and \
         change its runtime, without a password",
        "`address: 127.0.0.1`, or a `pipe`";
}

impl Code {
    /// The stable name of the code.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}
