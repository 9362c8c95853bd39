use portcullis_token::EntraVersion::{V1, V2};
use portcullis_token::Reason::{
    self, AudienceNotAllowed, ClaimInvalid, IssuerNotAllowed, TenantNotAllowed,
};

use crate::attacks::case::{Family, Judge};
use crate::attacks::draft::Draft;
use crate::issuer::{API, CLIENT, FOREIGN_TENANT, Keys, SECOND_TENANT, TENANT, issuer_of};

const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Issuers that look like the tenant's issuer. `T` stands for the tenant's id.
const ISSUERS: &[&str] = &[
    "https://login.microsoftonline.com/T/v2.0/",
    "https://login.microsoftonline.com/T/v2.0 ",
    "https://login.microsoftonline.com/T",
    "https://login.microsoftonline.com/T/",
    "https://login.microsoftonline.com/T/v1.0",
    "https://login.microsoftonline.com//T/v2.0",
    "http://login.microsoftonline.com/T/v2.0",
    "HTTPS://login.microsoftonline.com/T/v2.0",
    "https://LOGIN.microsoftonline.com/T/v2.0",
    "https://login.microsoftonline.com:443/T/v2.0",
    "https://login.microsoftonline.com./T/v2.0",
    "login.microsoftonline.com/T/v2.0",
    "https://login.microsoftonline.com/T/v2.0?x",
    "https://login.microsoftonline.com/T/v2.0#x",
    "https://login.microsoftonline.com/x/../T/v2.0",
    "https://evil@login.microsoftonline.com/T/v2.0",
    "https://login.microsoftonline.com@evil.example/T/v2.0",
    "https://login.microsoftonline.com.evil.example/T/v2.0",
    "https://login.micrоsoftonline.com/T/v2.0",
    "https://login.microsoftonIine.com/T/v2.0",
    "https://xn--login-microsoftonline.com/T/v2.0",
    "https://login.microsoftonline.us/T/v2.0",
    "https://login.partner.microsoftonline.cn/T/v2.0",
    "https://login.chinacloudapi.cn/T/v2.0",
    "https://login.windows.net/T/v2.0",
    "https://contoso.b2clogin.com/T/v2.0",
    "https://contoso.b2clogin.com/tfp/T/b2c_1_sign_in/v2.0",
    "https://T.ciamlogin.com/T/v2.0",
    "https://login.microsoftonline.com/common/v2.0",
    "https://login.microsoftonline.com/organizations/v2.0",
    "https://login.microsoftonline.com/consumers/v2.0",
    "https://login.microsoftonline.com/{tenantid}/v2.0",
    "https://sts.windows.net/T",
    "https://sts.windows.net/T//",
    "http://sts.windows.net/T/",
    "https://sts.windows.net/{tenantid}/",
    "https://STS.windows.net/T/",
    "https://sts.windows.net/common/",
    "https://sts.microsoftonline.de/T/",
    "https://sts.chinacloudapi.cn/T/",
    "https://accounts.google.com",
    "https://127.0.0.1/T/v2.0",
    "T",
    "*",
    "null",
    "\0",
];

/// Values of `tid` that are not a tenant's id.
const TENANTS: &[&str] = &[
    "common",
    "organizations",
    "consumers",
    "{tenantid}",
    "contoso.example",
    "contoso.onmicrosoft.com",
    "*",
    "null",
    "\0",
    " ",
    "11111111111141118111111111111111",
    "{11111111-1111-4111-8111-111111111111}",
    "11111111-1111-4111-8111-111111111111/",
    " 11111111-1111-4111-8111-111111111111",
    "11111111-1111-4111-8111-11111111111\u{2160}",
    "../organizations",
    "11111111-1111-4111-8111",
    "AAAAAAAA-1111-4111-8111-111111111111",
    "11111111-1111-4111-8111-1111111111111",
];

/// Audiences that look like the API's. `A` stands for the API's id.
const AUDIENCES: &[&str] = &[
    "api://A//",
    "api:/A",
    "API://A",
    "api://api://A",
    "api:// A",
    "A/",
    "/A",
    " A",
    "A ",
    "A,A",
    "https://A",
    "api://A/access_as_user",
    "api://tenant/A",
    "api://contoso.example/A",
    "{A}",
    "*",
    "null",
    "api://",
    "/",
    "00000002-0000-0000-c000-000000000000",
    "https://graph.windows.net",
    "https://management.azure.com/",
    "3a5c0002-0000-4000-8000-000000000002",
    CLIENT,
    "A\0",
];

pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("identity");
    for draft in Draft::all() {
        let mut check = |what: &str, claims: &[(&str, &str)], expected: Option<Reason>, judge| {
            let changed = claims.iter().fold(draft.clone(), |draft, (name, value)| {
                draft.claim(name, *value)
            });
            family.bearer(
                format!("{} {what} {claims:?}", draft.name),
                &changed.signed(&keys.good),
                expected,
            );
            family.judged_by(judge);
        };
        let (own, other) = if draft.actor == "azp" {
            (V2, V1)
        } else {
            (V1, V2)
        };
        check("good", &[], None, Judge::Listed);
        check("good, any organization", &[], None, Judge::AnyOrganization);
        check(
            "second tenant",
            &[
                ("tid", SECOND_TENANT),
                ("iss", &issuer_of(own, SECOND_TENANT)),
            ],
            None,
            Judge::Listed,
        );
        let unlisted = issuer_of(own, FOREIGN_TENANT);
        check(
            "any tenant",
            &[("tid", FOREIGN_TENANT), ("iss", &unlisted)],
            None,
            Judge::AnyOrganization,
        );
        check(
            "unlisted",
            &[("tid", FOREIGN_TENANT), ("iss", &unlisted), ("a", "")],
            Some(TenantNotAllowed),
            Judge::Listed,
        );
        for (judge, mark) in [(Judge::Listed, "l"), (Judge::AnyOrganization, "a")] {
            let personal = issuer_of(own, PERSONAL);
            check(
                "personal",
                &[("tid", PERSONAL), ("iss", &personal), ("m", mark)],
                Some(TenantNotAllowed),
                judge,
            );
            for tenant in [SECOND_TENANT, FOREIGN_TENANT] {
                check(
                    "issuer",
                    &[("iss", &issuer_of(own, tenant)), ("m", mark)],
                    Some(IssuerNotAllowed),
                    judge,
                );
            }
            check(
                "tenant",
                &[("tid", SECOND_TENANT), ("m", mark)],
                Some(IssuerNotAllowed),
                judge,
            );
            check(
                "version's issuer",
                &[("iss", &issuer_of(other, TENANT)), ("m", mark)],
                Some(IssuerNotAllowed),
                judge,
            );
            let upper = "aaaaaaaa-1111-4111-8111-111111111111".to_uppercase();
            check(
                "upper case",
                &[
                    ("tid", &upper),
                    ("iss", &issuer_of(own, &upper)),
                    ("m", mark),
                ],
                Some(ClaimInvalid),
                judge,
            );
            for issuer in ISSUERS {
                check(
                    "issuer",
                    &[("iss", &issuer.replace('T', TENANT)), ("m", mark)],
                    Some(IssuerNotAllowed),
                    judge,
                );
            }
        }
        for tenant in TENANTS {
            check(
                "tenant",
                &[("tid", tenant), ("iss", &issuer_of(own, tenant))],
                Some(ClaimInvalid),
                Judge::AnyOrganization,
            );
        }
        for audience in AUDIENCES {
            check(
                "audience",
                &[("aud", &audience.replace('A', API))],
                Some(AudienceNotAllowed),
                Judge::Listed,
            );
        }
        for oid in [
            "ada@contoso.example",
            "AAAAAAAA-0001-4000-8000-000000000001",
            "0",
            " ",
            "aaaaaaaa00014000800000000000000a",
            "me",
        ] {
            check("oid", &[("oid", oid)], Some(ClaimInvalid), Judge::Listed);
            check(
                "actor",
                &[(draft.actor, oid)],
                Some(ClaimInvalid),
                Judge::Listed,
            );
        }
        for ver in [
            "1", "2", "1.0 ", "2.0 ", "v2.0", "3.0", "0.0", "2.00", "02.0", "1.0,2.0", "２.0",
        ] {
            check(
                "version",
                &[("ver", ver)],
                Some(ClaimInvalid),
                Judge::Listed,
            );
        }
    }
    family
}
