//! What can be found, what it lets an attacker do, and what to write instead.

use clap::ValueEnum;

/// Declares the codes, so that none is without its texts. The name of a code is its variant's, in kebab case.
macro_rules! codes {
    ($($variant:ident: $danger:literal, $fix:literal;)*) => {
        /// The kinds of findings. Names are stable: programs and `--allow` refer to them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
        pub(crate) enum Code { $(#[doc = $danger] $variant),* }

        impl Code {
            /// What it lets an attacker do, or what fails.
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
        "nothing in this file was checked; Envoy refuses a file with an error whole and keeps the last good one",
        "correct the file, or keep files that are not Envoy's in another folder";
    PolicyUnusable:
        "the gate keeps its last good policies, so what routes name was not checked",
        "correct the document; `portcullis check` says the same";
    ListenerMissing:
        "what is refused and removed at the door was not checked",
        "give the folder that has the listeners too";
    RoutesElsewhere:
        "routes that come from somewhere else were not checked; one without a policy there is closed, one with authorization disabled is open",
        "give the folder that has the route configuration too, under the name by which the listener asks for it";

    RouteWithoutPolicy:
        "no attack but an outage: the gate denies every request to it; a default added above it later opens it to whoever the default lets in",
        "name a policy in `context_extensions` of this route, its virtual host or its route configuration";
    PolicyUnknown:
        "no attack but an outage: the gate denies every request to it; a policy that takes the name later opens it",
        "name a policy that exists, or write the RoutePolicy";
    PolicyWithoutRoute:
        "whoever narrows this policy believes that something is protected by it, while the route is held to another one",
        "name it at the route that it is for, or delete it";
    AuthorizationDisabled:
        "anybody reaches the service, without a token and without a limit",
        "delete `disabled: true` and name a policy in `check_settings`; it is for routes without a service only";
    RemovedPrefixWrong:
        "the gate signs a path that the service does not see: a service that checks it refuses everybody, one that does not accepts the assertion at other paths",
        "write `removed_prefix` beside the policy, with exactly what the rewrite takes off; leave it out where nothing is taken off";
    RewriteNotSignable:
        "the service sees a path that is not the end of the one that was authorized, such as `//x` for `/shop/x`: what it serves is not what was decided",
        "rewrite by taking a prefix off, with the same slash at both ends: match `/shop/`, `prefix_rewrite: /`, `removed_prefix: /shop`";
    RewriteNotAnchored:
        "Envoy replaces every match: `/a/x/a/y` loses both `/a`, and the service sees a path that nobody authorized",
        "begin the pattern with `^`";
    ClusterChosenByClient:
        "the client names the service in a header: a token for one opens every cluster there is",
        "name the cluster, one route for each";
    PerFilterConfigUnknown:
        "Envoy accepts settings under a name that no filter has and ignores them: the policy that stands there is not the one in force",
        "use the name that the ext_authz filter has in `http_filters`, and the type `envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute`";

    PathNotNormalized:
        "`/open/../closed` takes the route and the policy of `/open`, and the service serves `/closed`",
        "`normalize_path: true`";
    SlashesNotMerged:
        "`//closed` misses the route of `/closed` and takes a wider one, and the service serves `/closed`",
        "`merge_slashes: true`";
    EscapedSlashesPass:
        "`/open/..%2fclosed` takes the route and the policy of `/open`, and the service decodes it to `/closed` (CVE-2021-29492)",
        "`path_with_escaped_slashes_action: REJECT_REQUEST`, or UNESCAPE_AND_REDIRECT";
    PathCaseInsensitive:
        "`/PUBLIC/x` takes the route and the policy of `/public/`, and a service that tells case apart serves something else",
        "delete `case_sensitive: false`, and `(?i)` in a regular expression";
    PathMatchedAsHeader:
        "the header `:path` has the query too: `/closed?/open/` takes the route and the policy that are meant for `/open/`",
        "match the path by `path`, `prefix`, `path_separated_prefix` or `safe_regex` of `match`";

    UnderscoresPass:
        "`X_User_OID` gets round the removal of `x-user-`, and CGI-style servers read both as one (CVE-2025-64484)",
        "`common_http_protocol_options: {headers_with_underscores_action: REJECT_REQUEST}`, or DROP_HEADER";
    IdentityHeadersNotRemoved:
        "the client says who it is: its value passes wherever the gate sets none, and on every route without authorization",
        "in `early_header_mutation_extensions`: `{remove_on_match: {key_matcher: {prefix: x-user-, ignore_case: true}}}`, and the same for `x-tenant-` and `x-portcullis-`";
    IdentityHeadersRemovedLate:
        "it runs after the gate and deletes the real identity; before it, every filter believed the client's",
        "delete it here, and remove the prefix in `early_header_mutation_extensions`";
    IdentityHeadersAdded:
        "it runs after the gate: the service takes this value for the identity that was verified",
        "give the header a name that does not begin with `x-user-`, `x-tenant-` or `x-portcullis-`";
    ClientAddressBelieved:
        "a client's `x-forwarded-for` is its address in logs, in limits and at the service, and may make it internal",
        "`use_remote_address: true`";
    ClientAddressLost:
        "the load balancer is everybody's address in logs, in limits and at the service, so none can be told apart and one can be blamed for another",
        "delete the removal of `x-forwarded-for`, or set `xff_num_trusted_hops: 0`";
    UpgradesEnabled:
        "one authorized request opens a tunnel through which many pass unseen; `Connection: Upgrade, X-User-OID` keeps the header past sanitizing (CVE-2026-73548 is of this kind)",
        "delete the entry of `upgrade_configs`, or `enabled: false`";

    AuthorizationMissing:
        "anybody reaches every service of this listener: nothing asks the gate",
        "add the filter ext_authz of `envoy/listeners.yaml`, last before the router";
    FilterBeforeAuthorization:
        "it sees requests of anybody, may answer them, or may change path and headers that the gate then judges",
        "put ext_authz before it; only filters that look at no token and change nothing belong in front";
    AuthorizationSwitchable:
        "requests pass without being asked about wherever the condition is not met; a route that forgets it is open",
        "delete `filter_enabled`, `filter_enabled_metadata` and the filter's own `disabled`";
    AuthorizationOverHttp:
        "no attack but an outage: the gate speaks gRPC only, and only there does Envoy send `context_extensions`",
        "`grpc_service` in place of `http_service`";
    AuthorizationFailsOpen:
        "anybody passes while the gate is away, and whoever can overload it or break one Check decides when (CVE-2023-27488, CVE-2024-23324)",
        "`failure_mode_allow: false`";
    FailureModeTold:
        "the service is told that nobody was asked, in a header that only makes sense where failure opens the door",
        "delete `failure_mode_allow_header_add`";
    ErrorLooksForbidden:
        "an outage of the gate answers 403: clients drop good tokens, and an attack on the gate looks like denials",
        "`status_on_error: {code: ServiceUnavailable}`";
    RawHeadersNotEncoded:
        "bytes that are not text reach the gate as `!` and the service as they are: two judges, two tokens",
        "`encode_raw_headers: true`";
    BodySent:
        "every body is held in memory before anybody is authenticated; the gate does not read it",
        "delete `with_request_body`";
    RouteCacheCleared:
        "the headers of the gate's answer choose the route anew: the request reaches a route under a policy that nobody asked about",
        "`clear_route_cache: false`";
    TokenNotSent:
        "no attack but an outage: the gate never sees a token and answers 401",
        "add `{exact: authorization}` to `allowed_headers`, and keep it out of `disallowed_headers`";
    MutationsNotValidated:
        "a line break in a value that the gate sends becomes a header of its own at the service (CVE-2023-27493)",
        "`validate_mutations: true`";

    AdminExposed:
        "whoever reaches the port stops Envoy, reads its configuration and secrets, and changes its runtime, without a password",
        "`address: 127.0.0.1`, or a `pipe`";
}

impl Code {
    /// Its stable name.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
