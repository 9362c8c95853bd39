//! Tokens whose claims contradict one another, or are of another form than Entra writes.

use serde_json::{Value, json};

use super::{
    API, CLIENT, NOW, OTHER_TENANT, TENANT, application, issuer_of, judge, listed, token, user_v1,
    user_v2, verifier,
};
use crate::Reason;
use crate::issuers::entra_version::EntraVersion;
use crate::signed_tokens::with;

struct Case {
    name: &'static str,
    base: Value,
    changes: Value,
    expected: Reason,
}

async fn assert_denied(cases: impl IntoIterator<Item = Case>) {
    let verifier = verifier(listed()).await;
    for Case {
        name,
        base,
        changes,
        expected,
    } in cases
    {
        let claims = with(base, &changes);
        assert_eq!(
            judge(&verifier, &token(&claims)).unwrap_err(),
            expected,
            "{name}: {changes}"
        );
    }
}

#[tokio::test]
async fn contradictory_origin_or_audience_is_denied() {
    let sts = issuer_of(EntraVersion::V1, TENANT);
    assert_denied([
        Case {
            name: "version of the other issuer",
            base: user_v2(),
            changes: json!({"ver": "1.0"}),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "unknown version",
            base: user_v2(),
            changes: json!({"ver": "3.0"}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "numeric version",
            base: user_v2(),
            changes: json!({"ver": 2.0}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "no version",
            base: user_v2(),
            changes: json!({"ver": null}),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "issuer of the other version",
            base: user_v2(),
            changes: json!({"iss": sts}),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "issuer of another tenant",
            base: user_v2(),
            changes: json!({"iss": issuer_of(EntraVersion::V2, OTHER_TENANT)}),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "issuer with the placeholder",
            base: user_v2(),
            changes: json!({"iss": issuer_of(EntraVersion::V2, "{tenantid}")}),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "issuer with a slash",
            base: user_v2(),
            changes: json!({"iss": format!("{}/", issuer_of(EntraVersion::V2, TENANT))}),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "foreign issuer without a tenant",
            base: user_v2(),
            changes: json!({"iss": "https://accounts.example", "tid": null}),
            expected: Reason::IssuerNotAllowed,
        },
        Case {
            name: "no issuer",
            base: user_v2(),
            changes: json!({"iss": null}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "another tenant",
            base: user_v2(),
            changes: json!({"tid": OTHER_TENANT}),
            expected: Reason::TenantNotAllowed,
        },
        Case {
            name: "tenant that is no id",
            base: user_v2(),
            changes: json!({"tid": "common"}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "personal accounts",
            base: user_v2(),
            changes: json!({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}),
            expected: Reason::TenantNotAllowed,
        },
        Case {
            name: "application URI in a v2 token",
            base: user_v2(),
            changes: json!({"aud": format!("api://{API}")}),
            expected: Reason::AudienceNotAllowed,
        },
        Case {
            name: "audience that is the client",
            base: user_v2(),
            changes: json!({"aud": CLIENT}),
            expected: Reason::AudienceNotAllowed,
        },
        Case {
            name: "list of audiences",
            base: user_v2(),
            changes: json!({"aud": [API]}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "audience of Graph",
            base: user_v2(),
            changes: json!({"aud": "00000003-0000-0000-c000-000000000000"}),
            expected: Reason::GraphToken,
        },
    ])
    .await;
}

#[tokio::test]
async fn contradictory_or_malformed_identity_is_denied() {
    assert_denied([
        Case {
            name: "no actor",
            base: user_v2(),
            changes: json!({"azp": null}),
            expected: Reason::IdToken,
        },
        Case {
            name: "ID token with nonce",
            base: user_v2(),
            changes: json!({"azp": null, "scp": null, "nonce": "n"}),
            expected: Reason::IdToken,
        },
        Case {
            name: "both actors in v2",
            base: user_v2(),
            changes: json!({"appid": CLIENT}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "both actors in v1",
            base: user_v1(),
            changes: json!({"azp": CLIENT}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "actor that is no id",
            base: user_v2(),
            changes: json!({"azp": "web"}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "no object id",
            base: user_v2(),
            changes: json!({"oid": null}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "address as object id",
            base: user_v2(),
            changes: json!({"oid": "ada@contoso.example"}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "roles as a string",
            base: user_v2(),
            changes: json!({"roles": "Admin"}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "numeric name",
            base: user_v2(),
            changes: json!({"name": 7}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "expired",
            base: user_v2(),
            changes: json!({"exp": NOW - 60}),
            expected: Reason::TokenExpired,
        },
    ])
    .await;
}

#[tokio::test]
async fn contradictory_kind_of_caller_is_denied() {
    assert_denied([
        Case {
            name: "user without scopes",
            base: user_v2(),
            changes: json!({"scp": null}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "user with empty scopes",
            base: user_v2(),
            changes: json!({"scp": ""}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "unscoped user",
            base: user_v2(),
            changes: json!({"scp": "/"}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "user by idtyp with empty scopes",
            base: user_v2(),
            changes: json!({"scp": "", "idtyp": "user", "preferred_username": null}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "unscoped user by idtyp",
            base: user_v2(),
            changes: json!({"scp": "/", "idtyp": "user", "preferred_username": null}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "blank scopes",
            base: user_v2(),
            changes: json!({"scp": " "}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "unscoped and scoped",
            base: user_v2(),
            changes: json!({"scp": "/ access_as_user"}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "application with blank scopes",
            base: application(),
            changes: json!({"scp": " "}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "application with unscoped and a blank",
            base: application(),
            changes: json!({"scp": "/ "}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "application with a double slash",
            base: application(),
            changes: json!({"scp": "//"}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "application with a list of scopes",
            base: application(),
            changes: json!({"scp": ["/"]}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "user with a list of scopes",
            base: user_v2(),
            changes: json!({"scp": ["access_as_user"]}),
            expected: Reason::ClaimInvalid,
        },
        Case {
            name: "user as application",
            base: user_v2(),
            changes: json!({"idtyp": "app"}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "application with scopes",
            base: application(),
            changes: json!({"scp": "access_as_user"}),
            expected: Reason::TokenInconsistent,
        },
        Case {
            name: "device",
            base: application(),
            changes: json!({"idtyp": "device"}),
            expected: Reason::TokenInconsistent,
        },
    ])
    .await;
}
