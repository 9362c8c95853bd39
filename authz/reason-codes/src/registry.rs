//! Every code. A new one needs a constant here; `make generate` writes the page.

use super::Sender::{AdminApi, AuthzServer, AuthzServerLog, Gateway, Service};
use super::{Entry, ReasonCode, Senders};

const TOKEN: Senders = &[(AuthzServer, &[401]), (Service, &[401])];
/// 401 where the policy says `onDenied: unauthorized`.
const POLICY: Senders = &[(AuthzServer, &[403, 401])];
const POLICY_OR_SERVICE: Senders = &[(AuthzServer, &[403, 401]), (Service, &[403])];
const METHOD: Senders = &[
    (AuthzServer, &[403, 401]),
    (Gateway, &[405]),
    (Service, &[405]),
];
const LOG_ONLY: Senders = &[(AuthzServerLog, &[])];

macro_rules! reason_codes {
    ($($name:ident = $code:literal, $senders:expr, $meaning:literal, $remedy:literal;)+) => {
        $(
            #[doc = $meaning]
            pub const $name: ReasonCode = ReasonCode(&Entry {
                code: $code,
                problem_type: concat!("/reason-codes#", $code),
                senders: $senders,
                meaning: $meaning,
                remedy: $remedy,
            });
        )+

        /// Every code.
        pub const ALL: &[ReasonCode] = &[$($name),+];
    };
}

reason_codes! {
    TOKEN_MISSING = "token_missing", TOKEN,
        "The request has no token.",
        "Send `Authorization: Bearer TOKEN`.";
    AUTHORIZATION_AMBIGUOUS = "authorization_ambiguous", TOKEN,
        "The request has several `Authorization` headers or values.",
        "Send one.";
    AUTHORIZATION_MALFORMED = "authorization_malformed", TOKEN,
        "The `Authorization` header is not `Bearer` and one token.",
        "Send `Authorization: Bearer TOKEN`.";
    TOKEN_TOO_LARGE = "token_too_large", TOKEN,
        "The token is longer than the limit.",
        "Reduce the roles, groups and optional claims of the application registration.";
    TOKEN_MALFORMED = "token_malformed", TOKEN,
        "The token is not a JWS of three base64url parts with JSON inside.",
        "Send the access token as the issuer returned it.";
    ALGORITHM_NOT_ALLOWED = "algorithm_not_allowed", TOKEN,
        "The issuer does not sign with the algorithm of the token. `none` and HMAC are never \
         allowed.",
        "Get the token from the configured issuer. For a new algorithm, add it to \
         `oidc.algorithms`.";
    CRITICAL_HEADER = "critical_header", TOKEN,
        "The token demands an extension by `crit` (RFC 7515 §4.1.11).",
        "Configure the issuer to issue tokens without `crit`.";
    TOKEN_TYPE_UNEXPECTED = "token_type_unexpected", TOKEN,
        "`typ` says that this is not an access token.",
        "Send the access token.";
    KEY_ID_INVALID = "key_id_invalid", TOKEN,
        "`kid` is missing or not a short string.",
        "Get the token from the configured issuer.";
    KEY_UNKNOWN = "key_unknown", TOKEN,
        "The issuer publishes no key with this `kid`.",
        "Get a new token. If every token fails, check the issuer in the TokenIssuer.";
    KEYS_UNAVAILABLE = "keys_unavailable", &[(AuthzServerLog, &[]), (Service, &[503])],
        "The issuer's signing keys could not be fetched, so no token can be verified.",
        "Try again. The operator finds the cause in the log and in `/status` of the admin API.";
    SIGNATURE_INVALID = "signature_invalid", TOKEN,
        "The signature is not by the issuer's key.",
        "Send the token unchanged.";
    CLAIM_INVALID = "claim_invalid", TOKEN,
        "A claim is missing or has the wrong type.",
        "Get the token from the configured issuer.";
    TOKEN_EXPIRED = "token_expired", TOKEN,
        "`exp` has passed.",
        "Get a new token.";
    TOKEN_NOT_YET_VALID = "token_not_yet_valid", TOKEN,
        "`nbf` or `iat` is in the future.",
        "Compare the clocks.";
    TOKEN_LIFETIME_TOO_LONG = "token_lifetime_too_long", TOKEN,
        "The token is valid for longer than the limit.",
        "Shorten the lifetime at the issuer.";
    ISSUER_NOT_ALLOWED = "issuer_not_allowed", TOKEN,
        "Another issuer issued the token.",
        "Get the token from the configured issuer.";
    TENANT_NOT_ALLOWED = "tenant_not_allowed", TOKEN,
        "The token is from a tenant that is not allowed.",
        "Sign in to an allowed tenant, or add the tenant to the TokenIssuer.";
    AUDIENCE_NOT_ALLOWED = "audience_not_allowed", TOKEN,
        "The token is for another API.",
        "Request a scope of this API.";
    TOKEN_INCONSISTENT = "token_inconsistent", TOKEN,
        "Claims of the token contradict each other.",
        "Get the token from the configured issuer.";
    ID_TOKEN = "id_token", TOKEN,
        "The token is an ID token, which is for the client alone.",
        "Send the access token.";
    GRAPH_TOKEN = "graph_token", TOKEN,
        "The token is for Microsoft Graph, which alone can verify it.",
        "Request a scope of this API.";
    SENDER_CONSTRAINED = "sender_constrained", TOKEN,
        "The token is bound to a key (`cnf`), whose proof a bearer token cannot carry.",
        "Request a bearer token.";
    CALLER_KIND_UNKNOWN = "caller_kind_unknown", TOKEN,
        "The token does not show whether it is for a user or for an application.",
        "Name the claim that tells them apart in the TokenIssuer (`claims.kind`).";
    REQUIRED_CLAIM_MISSING = "required_claim_missing", TOKEN,
        "A claim that the TokenIssuer requires is missing or has another value.",
        "Get a token with this claim.";
    CLAIMS_OVERAGE = "claims_overage", TOKEN,
        "The issuer left out the roles because there are too many.",
        "Assign fewer groups or roles.";
    METHOD_NOT_ALLOWED = "method_not_allowed", METHOD,
        "No rule of the policy, or no route, is for this HTTP method.",
        "Use an allowed method, or add it to the policy.";
    CALLER_KIND_NOT_ALLOWED = "caller_kind_not_allowed", POLICY_OR_SERVICE,
        "The policy or the service does not allow this kind of caller: user or application.",
        "Use the other kind of token.";
    ACTOR_NOT_ALLOWED = "actor_not_allowed", POLICY_OR_SERVICE,
        "The client application is not allowed.",
        "Use an allowed client, or add this one to the policy or to the service's settings.";
    ACTOR_UNKNOWN = "actor_unknown", &[(Service, &[403])],
        "The token names no client application.",
        "Get a token with `azp` or `appid`.";
    SCOPE_MISSING = "scope_missing", POLICY_OR_SERVICE,
        "The token lacks a scope.",
        "Request the scope that the answer names.";
    ROLE_MISSING = "role_missing", POLICY_OR_SERVICE,
        "The caller lacks a role.",
        "Assign one of the roles that the answer names.";
    CLAIM_NOT_ALLOWED = "claim_not_allowed", POLICY,
        "A claim that the rule asks for is missing or has another value.",
        "Get a token with the value that the answer names.";
    CALLER_BLOCKED = "caller_blocked", POLICY,
        "The caller or its client is on the deny list.",
        "Ask the operator.";
    TOKEN_REVOKED = "token_revoked", &[(AuthzServer, &[401])],
        "The token or its session is on the deny list.",
        "Sign in again.";
    HEADERS_TOO_LARGE = "headers_too_large", &[(AuthzServer, &[431]), (Gateway, &[431])],
        "The request has too many headers, or they are too large.",
        "Send fewer headers or smaller cookies.";
    URI_TOO_LONG = "uri_too_long", &[(AuthzServer, &[414])],
        "Path and query are too long.",
        "Send data in the body.";
    ROUTE_WITHOUT_POLICY = "route_without_policy", &[(AuthzServer, &[403])],
        "The route names no policy.",
        "Name a policy in the route's `context_extensions`.";
    POLICY_UNKNOWN = "policy_unknown", &[(AuthzServer, &[503])],
        "The policy that the route names is not in force, or not yet.",
        "Try again in a few seconds. If it stays so, check the name and the log of the authz \
         server.";
    CLAIMS_TOO_LARGE = "claims_too_large", &[(AuthzServer, &[403])],
        "The claims, or claims and path, are too large for the headers to the service.",
        "Reduce the roles of the caller.";
    RATE_LIMITED = "rate_limited", &[(AuthzServer, &[429])],
        "The caller used up the rate limit.",
        "Wait for `Retry-After`.";
    RATE_LIMITER_FULL = "rate_limiter_full", &[(AuthzServer, &[503])],
        "The memory for rate limits is full.",
        "Wait for `Retry-After`. The operator raises `--rate-limit-memory-mib`.";
    ROUTE_MISMATCH = "route_mismatch", LOG_ONLY,
        "The path does not begin with the route's `removed_prefix`.",
        "Correct the route.";
    RATE_LIMIT_STORE_UNAVAILABLE = "rate_limit_store_unavailable", LOG_ONLY,
        "The store of rate limits does not answer.",
        "Check the store, or set `--rate-limit-store-down count-alone`.";
    ASSERTION_NOT_SIGNED = "assertion_not_signed", LOG_ONLY,
        "The assertion could not be signed.",
        "Report a bug with the log.";
    BROWSER_REFUSED = "browser_refused", &[(AdminApi, &[403])],
        "The request comes from a page in a browser.",
        "Use curl.";
    POLICIES_REFUSED = "policies_refused", &[(AdminApi, &[422])],
        "The policies have errors, which the answer lists. The last good ones stay in force.",
        "Correct them.";
    KEYS_NOT_FETCHED = "keys_not_fetched", &[(AdminApi, &[502])],
        "The keys could not be fetched; the answer says why.",
        "Check the issuer and the network.";
    AUTHORIZATION_UNAVAILABLE = "authorization_unavailable", &[(Gateway, &[503])],
        "The gateway got no decision from the authz server.",
        "Try again. The operator checks the authz server.";
    AUTHORIZATION_FAILED = "authorization_failed", &[(Gateway, &[500])],
        "The gateway could not apply the decision of the authz server.",
        "The operator compares the limits of Envoy with those of the authz server.";
    REQUEST_MALFORMED = "request_malformed", &[(Gateway, &[400])],
        "The request is not valid HTTP, or its path is ambiguous.",
        "Correct the request.";
    UPGRADE_REFUSED = "upgrade_refused", &[(Gateway, &[403])],
        "The gateway opens no tunnels and upgrades no connections.",
        "Use plain requests.";
    ROUTE_NOT_FOUND = "route_not_found", &[(Gateway, &[404]), (Service, &[404])],
        "No route has this path.",
        "Check the path.";
    REQUEST_TIMEOUT = "request_timeout", &[(Gateway, &[408]), (Service, &[503])],
        "The request did not arrive, or was not answered, in time.",
        "Try again.";
    HTTP_VERSION_REFUSED = "http_version_refused", &[(Gateway, &[426])],
        "The gateway speaks HTTP/1.1 and HTTP/2 only.",
        "Use one of them.";
    UPSTREAM_INVALID_RESPONSE = "upstream_invalid_response", &[(Gateway, &[502])],
        "The service sent an invalid response.",
        "The operator checks the service.";
    UPSTREAM_TIMEOUT = "upstream_timeout", &[(Gateway, &[504])],
        "The service did not answer in time. It may have carried out the request.",
        "Check the result before you send it again.";
    UPSTREAM_OVERLOADED = "upstream_overloaded", &[(Gateway, &[503])],
        "The service has too many open requests.",
        "Try again later.";
    UPSTREAM_UNAVAILABLE = "upstream_unavailable", &[(Gateway, &[503])],
        "The service is unreachable or aborted its response.",
        "Try again later.";
    GATEWAY_OVERLOADED = "gateway_overloaded", &[(Gateway, &[503])],
        "The gateway has too little memory left.",
        "Try again later.";
    GATEWAY_ERROR = "gateway_error", &[(Gateway, &[])],
        "The gateway could not process the request. The status is that of the cause.",
        "See the detail and the access log.";
    ASSERTION_NOT_GENUINE = "assertion_not_genuine", &[(Service, &[401])],
        "The assertion is not by the authz server's key.",
        "Call through the gateway.";
    ASSERTION_OUT_OF_TIME = "assertion_out_of_time", &[(Service, &[401])],
        "The assertion has expired or is from the future.",
        "Compare the clocks of the authz server and the service.";
    ASSERTION_FOR_OTHER_UPSTREAM = "assertion_for_other_upstream", &[(Service, &[401])],
        "The assertion is for another service.",
        "Correct the upstream's name in the policy or in the service.";
    ASSERTION_NOT_BOUND = "assertion_not_bound", &[(Service, &[401])],
        "The assertion is not bound to a request, and the service requires that.",
        "Use `bind: request` in the policy, or set `--accept-unbound-assertions`.";
    ASSERTION_FOR_OTHER_REQUEST = "assertion_for_other_request", &[(Service, &[401])],
        "The assertion is for another method or path.",
        "Call through the gateway, and check `removed_prefix` of the route.";
    ASSERTION_REPLAYED = "assertion_replayed", &[(Service, &[401])],
        "The assertion was used before.",
        "Send the request again through the gateway.";
    TOO_MANY_REQUESTS_TO_REMEMBER = "too_many_requests_to_remember", &[(Service, &[503])],
        "There are more requests within a minute than the service can tell apart.",
        "Try again in a minute.";
    GATEWAY_KEYS_UNAVAILABLE = "gateway_keys_unavailable", &[(Service, &[503])],
        "The authz server's keys could not be fetched, so no assertion can be verified.",
        "Try again. The operator checks `--gateway-keys`.";
    BODY_INVALID = "body_invalid", &[(Service, &[422])],
        "A field of the body is missing, unknown or out of range; `field` names it.",
        "Correct the field.";
    BODY_NOT_JSON = "body_not_json", &[(Service, &[400])],
        "The body is not JSON.",
        "Send JSON.";
    BODY_TOO_SLOW = "body_too_slow", &[(Service, &[408])],
        "The body did not arrive in time.",
        "Try again.";
    BODY_UNREADABLE = "body_unreadable", &[(Service, &[400, 413])],
        "The body could not be read, or it is too large.",
        "Send a smaller body.";
    CONTENT_TYPE_NOT_JSON = "content_type_not_json", &[(Service, &[415])],
        "The body is not announced as JSON.",
        "Send `Content-Type: application/json`.";
    QUERY_INVALID = "query_invalid", &[(Service, &[422])],
        "A parameter of the query is unknown or out of range; `field` names it.",
        "Correct the parameter.";
    IDEMPOTENCY_KEY_INVALID = "idempotency_key_invalid", &[(Service, &[400, 422])],
        "The `Idempotency-Key` is not a short string of printable ASCII.",
        "Send a UUID.";
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing", &[(Service, &[400])],
        "The operation needs an `Idempotency-Key`.",
        "Send a UUID.";
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused", &[(Service, &[422])],
        "The `Idempotency-Key` came before with other content.",
        "Use a new key for new content.";
    IF_MATCH_UNREADABLE = "if_match_unreadable", &[(Service, &[400])],
        "`If-Match` is not an entity tag of this resource.",
        "Send the `ETag` of the last answer.";
    SERVICE_BUSY = "service_busy", &[(Service, &[503])],
        "The service has as many requests in hand as it takes.",
        "Wait for `Retry-After`.";
    DATABASE_UNAVAILABLE = "database_unavailable", &[(Service, &[503])],
        "The database does not answer.",
        "Try again later.";
    INTERNAL_ERROR = "internal_error", &[(Service, &[500])],
        "The service failed.",
        "Try again later. The operator finds the cause in the log by the request id.";
    TASK_NOT_FOUND = "task_not_found", &[(Service, &[404])],
        "The caller has no task with this id.",
        "Check the id.";
    TASK_CHANGED = "task_changed", &[(Service, &[412])],
        "The task changed since the version in `If-Match`.",
        "Read the task again.";
    TASK_DELETED_SINCE = "task_deleted_since", &[(Service, &[410])],
        "The task of this `Idempotency-Key` was deleted.",
        "Use a new key for a new task.";
    INTERACTION_REQUIRED = "interaction_required", &[(Service, &[401])],
        "Entra asks the user for a step, such as multi-factor authentication.",
        "Pass the claims of the challenge to the next sign-in.";
}
