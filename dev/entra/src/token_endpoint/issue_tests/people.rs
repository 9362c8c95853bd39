//! The tokens of guests and members of groups, and optional claims.

use http::StatusCode;
use serde_json::{Value, json};

use super::{TASK_API_URI, assert_claims};
use crate::fixture::{CONTOSO, DIRECTORY, FABRIKAM, Fixture, decode, password_form, with};

const GAIL: &str = "gail.guest@fabrikam.example";
const MANNY: &str = "manny.many@contoso.example";
const NORMAN: &str = "norman.none@contoso.example";
const OTHER_API: &str = "openid api://3a5c0006-0000-4000-8000-000000000006/Other.Read";

fn form_of<'a>(username: &'a str, password: &'a str) -> Vec<(&'a str, &'a str)> {
    with(
        &with(&password_form(), "username", username),
        "password",
        password,
    )
}

/// The claims of a user's access and ID token.
async fn tokens(fixture: &Fixture, tenant: &str, form: &[(&str, &str)]) -> (Value, Value) {
    let (status, reply) = fixture.token(tenant, form).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    (
        decode(&reply["access_token"]).1,
        decode(&reply["id_token"]).1,
    )
}

#[tokio::test]
async fn guest_has_the_identity_of_the_resource_tenant() {
    let fixture = Fixture::new();
    let form = form_of(GAIL, "Guest-Passw0rd!");
    let (access, id) = tokens(&fixture, CONTOSO, &form).await;
    let expected = json!({
        "tid": CONTOSO, "oid": "aaaaaaaa-0005-4000-8000-000000000005",
        "preferred_username": GAIL, "email": GAIL,
        "idp": format!("https://sts.windows.net/{FABRIKAM}/"), "roles": Value::Null,
    });
    assert_claims(&id, &expected);
    let mut expected = expected;
    expected["roles"] = json!(["Reader"]);
    assert_claims(&access, &expected);

    let (access, _) = tokens(&fixture, FABRIKAM, &form).await;
    assert_claims(
        &access,
        &json!({
            "tid": FABRIKAM, "oid": "bbbbbbbb-0002-4000-8000-000000000002", "idp": Value::Null,
            "roles": Value::Null, "email": Value::Null,
        }),
    );
    let (access, _) = tokens(&fixture, "organizations", &form).await;
    assert_eq!(access["tid"], FABRIKAM, "the home tenant");
}

#[tokio::test]
async fn user_of_another_tenant_is_no_guest() {
    let form = form_of("mallory@fabrikam.example", "Mallory-Passw0rd!");
    let (_, reply) = Fixture::new().token(CONTOSO, &form).await;
    assert_eq!(reply["error_codes"], json!([50034]));
}

#[tokio::test]
async fn roles_come_from_the_user_and_the_groups() {
    let fixture = Fixture::new();
    for (name, username, password, roles) in [
        ("by group", MANNY, "Manny-Passw0rd!", json!(["Reader"])),
        ("none", NORMAN, "Norman-Passw0rd!", Value::Null),
    ] {
        let (access, _) = tokens(&fixture, CONTOSO, &form_of(username, password)).await;
        assert_eq!(access["roles"], roles, "{name}");
        assert_eq!(access["groups"], Value::Null, "{name}: not configured");
    }
}

#[tokio::test]
async fn groups_are_listed_up_to_200_and_named_elsewhere_beyond() {
    struct Case {
        name: &'static str,
        username: &'static str,
        password: &'static str,
        /// How many groups the token lists.
        listed: usize,
        is_elsewhere: bool,
    }

    let fixture = Fixture::new();
    let fewer = Fixture::with_directory(&DIRECTORY.replacen("count: 200", "count: 199", 1));
    let manny = |fixture, name, listed, is_elsewhere| {
        let case = Case {
            name,
            username: MANNY,
            password: "Manny-Passw0rd!",
            listed,
            is_elsewhere,
        };
        (fixture, case)
    };
    let guest = Case {
        name: "one group of a guest",
        username: GAIL,
        password: "Guest-Passw0rd!",
        listed: 1,
        is_elsewhere: false,
    };
    let without = Case {
        name: "no group",
        username: NORMAN,
        password: "Norman-Passw0rd!",
        listed: 0,
        is_elsewhere: false,
    };
    for (fixture, case) in [
        manny(&fixture, "201 groups", 0, true),
        manny(&fewer, "200 groups", 200, false),
        (&fixture, guest),
        (&fixture, without),
    ] {
        let Case {
            name,
            username,
            password,
            listed,
            is_elsewhere,
        } = case;
        let form = with(&form_of(username, password), "scope", OTHER_API);
        let (access, id) = tokens(fixture, CONTOSO, &form).await;
        let found = access["groups"].as_array().map_or(0, Vec::len);
        assert_eq!(found, listed, "{name}");
        let names = &access["_claim_names"];
        assert_eq!(*names == json!({"groups": "src1"}), is_elsewhere, "{name}");
        let endpoint = &access["_claim_sources"]["src1"]["endpoint"];
        assert_eq!(endpoint.is_string(), is_elsewhere, "{name}");
        assert_eq!(id["groups"], Value::Null, "{name}: the client decides");
    }
}

/// Each row adds one line to the task API, or to the web client for ID tokens.
#[tokio::test]
async fn optional_claims_are_in_the_tokens_that_ask_for_them() {
    struct Case {
        name: &'static str,
        claims: &'static str,
        of_ada: Value,
        of_gail: Value,
    }

    let upn_of_guest = "gail.guest_fabrikam.example#EXT#@contoso.onmicrosoft.com";
    for Case {
        name,
        claims,
        of_ada,
        of_gail,
    } in [
        Case {
            name: "account status",
            claims: "acct",
            of_ada: json!({"acct": 0}),
            of_gail: json!({"acct": 1}),
        },
        Case {
            name: "e-mail address",
            claims: "email",
            of_ada: json!({"email": "ada.admin@contoso.example"}),
            of_gail: json!({"email": GAIL}),
        },
        Case {
            name: "user principal name",
            claims: "upn",
            of_ada: json!({"upn": "ada.admin@contoso.example"}),
            of_gail: json!({"upn": upn_of_guest}),
        },
        Case {
            name: "nothing",
            claims: "",
            of_ada: json!({"acct": null, "email": null, "upn": null, "idtyp": null}),
            of_gail: json!({"acct": null, "upn": null, "idtyp": null}),
        },
    ] {
        let directory = DIRECTORY
            .replacen(
                "acceptV1Endpoint: true",
                &format!("acceptV1Endpoint: true\n    optionalClaims: [{claims}]"),
                1,
            )
            .replacen(
                "publicClient: true",
                &format!("publicClient: true\n    optionalIdTokenClaims: [{claims}]"),
                1,
            );
        let fixture = Fixture::with_directory(&directory);
        let (access, id) = tokens(&fixture, CONTOSO, &password_form()).await;
        let guest = form_of(GAIL, "Guest-Passw0rd!");
        let (access_of_guest, id_of_guest) = tokens(&fixture, CONTOSO, &guest).await;
        for (claims, expected) in [
            (access, &of_ada),
            (id, &of_ada),
            (access_of_guest, &of_gail),
            (id_of_guest, &of_gail),
        ] {
            for (claim, value) in expected.as_object().unwrap() {
                assert_eq!(&claims[claim], value, "{name}: {claim} in {claims}");
            }
        }
    }
}

#[tokio::test]
async fn access_tokens_have_idtyp_of_users_and_v1_usernames_on_request() {
    let directory = DIRECTORY.replacen(
        "acceptV1Endpoint: true",
        "acceptV1Endpoint: true\n    optionalClaims: [include_user_token, preferred_username]",
        1,
    );
    let fixture = Fixture::with_directory(&directory);
    let (access, _) = tokens(&fixture, CONTOSO, &password_form()).await;
    assert_eq!(access["idtyp"], "user");
    let v1 = with(&password_form(), "resource", TASK_API_URI);
    let (_, reply) = fixture.token_v1(CONTOSO, &v1).await;
    assert_claims(
        &decode(&reply["access_token"]).1,
        &json!({
            "ver": "1.0", "idtyp": "user", "upn": "ada.admin@contoso.example",
            "preferred_username": "ada.admin@contoso.example",
        }),
    );
    let guest = with(&form_of(GAIL, "Guest-Passw0rd!"), "resource", TASK_API_URI);
    let (_, reply) = fixture.token_v1(CONTOSO, &guest).await;
    assert_claims(
        &decode(&reply["access_token"]).1,
        &json!({"ver": "1.0", "unique_name": GAIL, "upn": null}),
    );
}
