use super::{LISTENERS, ROUTES, Row, bad, bad_route, good, good_route};
use crate::commands::lint::code::Code;
use crate::commands::lint::removed::is_identity;
use portcullis_server::IDENTITY_HEADERS as OWN;

const UNDERSCORES: &str = "headers_with_underscores_action: REJECT_REQUEST";
const USER: &str = "- {remove_on_match: {key_matcher: {prefix: x-user-, ignore_case: true}}}";
const XFF: &str = "- {remove: x-forwarded-for}";
const HOPS: &str = "xff_num_trusted_hops: 0";
const REMOTE: &str = "use_remote_address: true";
const EARLY: &str = "early_header_mutation_extensions:";
const RETRY: &str = "        retry_policy: {retry_on:";

pub(super) fn rows() -> Vec<Row> {
    [
        underscores(),
        early(),
        foreign(),
        late(),
        addresses(),
        upgrades(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn underscores() -> Vec<Row> {
    let code = Code::UnderscoresPass;
    vec![
        bad(
            code,
            LISTENERS,
            UNDERSCORES,
            "headers_with_underscores_action: ALLOW",
        ),
        bad(code, LISTENERS, UNDERSCORES, "# left out"),
        good(
            code,
            LISTENERS,
            UNDERSCORES,
            "headers_with_underscores_action: DROP_HEADER",
        ),
        good(
            code,
            LISTENERS,
            UNDERSCORES,
            "headersWithUnderscoresAction: 1",
        ),
    ]
}

fn early() -> Vec<Row> {
    let code = Code::IdentityHeadersNotRemoved;
    let tenant = "- {remove_on_match: {key_matcher: {prefix: x-tenant-, ignore_case: true}}}";
    let portcullis =
        "- {remove_on_match: {key_matcher: {prefix: x-portcullis-, ignore_case: true}}}";
    let removing =
        |matcher: &str| format!("- {{remove_on_match: {{key_matcher: {{ {matcher} }} }} }}");
    vec![
        bad(code, LISTENERS, USER, "# left out"),
        bad(code, LISTENERS, tenant, "# left out"),
        bad(code, LISTENERS, portcullis, "# left out"),
        // Header names arrive in lower case, so this removes nothing (tested with Envoy 1.40).
        bad(code, LISTENERS, USER, &removing("prefix: X-User-")).and(Code::RemovalNeverMatches),
        bad(
            code,
            LISTENERS,
            USER,
            &removing("prefix: x-user-o, ignore_case: true"),
        ),
        bad(code, LISTENERS, USER, &removing("exact: x-user-")),
        bad(code, LISTENERS, USER, "- {remove: x-user-oid}"),
        bad(
            code,
            LISTENERS,
            USER,
            &removing("safe_regex: {regex: 'x-user-[a-z]+'}"),
        ),
        bad(
            code,
            LISTENERS,
            "early_header_mutation.header_mutation.v3.HeaderMutation",
            "early_header_mutation.other.v3.HeaderMutation",
        )
        .and(Code::ExtensionUnlisted)
        .and(Code::ClientAddressBelieved)
        .and(Code::RequestIdNotRemoved)
        .and(Code::InstructionsNotRemoved),
        bad(code, LISTENERS, EARLY, "early_mutations:")
            .and(Code::SettingUnknown)
            .and(Code::ClientAddressBelieved)
            .and(Code::RequestIdNotRemoved)
            .and(Code::InstructionsNotRemoved),
        good(code, LISTENERS, USER, &removing("prefix: x-user-")),
        good(
            code,
            LISTENERS,
            USER,
            &removing("prefix: X-U, ignoreCase: true"),
        ),
        good(
            code,
            LISTENERS,
            USER,
            &removing("safe_regex: {regex: 'x-(user|group)-.*'}"),
        ),
        good(code, LISTENERS, EARLY, "earlyHeaderMutationExtensions:"),
    ]
}

fn foreign() -> Vec<Row> {
    let code = Code::ForeignIdentityHeadersPass;
    let narrower = |from, to| bad(code, LISTENERS, from, to);
    vec![
        narrower("webauth[^a-z0-9].*)", "webauths)"),
        narrower("|tailscale[^a-z0-9].*|", "|tailscale-.*|"),
        narrower("|tailscale[^a-z0-9].*|", "|tailscale[.-].*|"),
        narrower("|tailscale[^a-z0-9].*|", "|tailscale[^a-z0-9]user.*|"),
        narrower("|eppn|", "|"),
        // The authz server's own headers with another separator.
        narrower("|user[^a-z0-9].*|\\", "|\\"),
        good(code, LISTENERS, "|eppn|", "|eppns?|"),
        bad(
            Code::InstructionsNotRemoved,
            LISTENERS,
            "- {remove: x-host}",
            "# left out",
        ),
        good(
            Code::InstructionsNotRemoved,
            LISTENERS,
            "- {remove: x-host}",
            "- {remove_on_match: {key_matcher: {exact: x-host}}}",
        ),
    ]
}

fn late() -> Vec<Row> {
    let host = |field: &str| format!("        {field}\n{RETRY}");
    let part = |field: &str| {
        format!(
            "match: {{path: /extra}}, typed_per_filter_config: *tasks , \
             route: {{weighted_clusters: {{clusters: [{{name: audit, weight: 1, {field} }}]}} }}"
        )
    };
    let adding =
        |name: &str| format!("request_headers_to_add: [{{header: {{key: {name}, value: x}} }}]");
    vec![
        bad(
            Code::IdentityHeadersRemovedLate,
            ROUTES,
            RETRY,
            &host("request_headers_to_remove: [X-User-OID]"),
        ),
        bad_route(
            Code::IdentityHeadersRemovedLate,
            &part("request_headers_to_remove: [a, x-portcullis-assertion]"),
        ),
        good(
            Code::IdentityHeadersRemovedLate,
            ROUTES,
            RETRY,
            &host("request_headers_to_remove: [cookie, x-username]"),
        ),
        bad(
            Code::IdentityHeadersAdded,
            ROUTES,
            RETRY,
            &host(&adding("X-Tenant-Id")),
        ),
        bad_route(Code::IdentityHeadersAdded, &part(&adding("x-user-roles"))),
        good(
            Code::IdentityHeadersAdded,
            ROUTES,
            RETRY,
            &host(&adding("x-gateway")),
        ),
        good_route(Code::IdentityHeadersAdded, &part(&adding("x-gateway"))),
    ]
}

fn addresses() -> Vec<Row> {
    vec![
        bad(
            Code::ClientAddressBelieved,
            LISTENERS,
            REMOTE,
            "use_remote_address: false",
        ),
        bad(Code::ClientAddressBelieved, LISTENERS, REMOTE, "# left out"),
        good(
            Code::ClientAddressBelieved,
            LISTENERS,
            REMOTE,
            "original_ip_detection_extensions: [{name: x}]",
        ),
        bad(
            Code::ClientAddressLost,
            LISTENERS,
            HOPS,
            "xff_num_trusted_hops: 1",
        ),
        bad(
            Code::ClientAddressLost,
            LISTENERS,
            HOPS,
            "xffNumTrustedHops: \"2\"",
        ),
        good(Code::ClientAddressLost, LISTENERS, HOPS, "# left out"),
        bad(Code::ClientAddressBelieved, LISTENERS, XFF, "# left out"),
    ]
}

fn upgrades() -> Vec<Row> {
    let code = Code::UpgradesEnabled;
    let manager = |upgrade: &str| format!("upgrade_configs: [{upgrade}]\n              {REMOTE}");
    let route = |upgrade: &str| {
        format!(
            "match: {{path: /extra}}, typed_per_filter_config: *tasks , route: {{cluster: audit, \
             upgrade_configs: [{upgrade}]}}"
        )
    };
    vec![
        bad(
            code,
            LISTENERS,
            REMOTE,
            &manager("{upgrade_type: websocket}"),
        ),
        bad(
            code,
            LISTENERS,
            REMOTE,
            &manager("{upgrade_type: websocket, enabled: true}"),
        ),
        good(
            code,
            LISTENERS,
            REMOTE,
            &manager("{upgrade_type: websocket, enabled: false}"),
        ),
        bad_route(code, &route("{upgrade_type: websocket}")),
        good_route(code, &route("{upgrade_type: websocket, enabled: false}")),
    ]
}

#[test]
fn authz_server_headers_have_removed_prefixes() {
    for name in OWN.into_iter().chain([portcullis_assertion::HEADER]) {
        assert!(is_identity(name), "{name}");
    }
}
