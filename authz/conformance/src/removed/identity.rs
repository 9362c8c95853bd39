//! Headers of products and conventions that name the caller.

use super::Says::Identity;
use super::{Group, PORTCULLIS, RemovedHeader, exact, prefix};

const fn group(of: &'static str, page: &'static str, headers: &'static [RemovedHeader]) -> Group {
    Group {
        of,
        says: Identity,
        page,
        headers,
    }
}

pub(super) const GROUPS: &[Group] = &[
    group(
        PORTCULLIS,
        "verify-assertion.md",
        &[
            prefix(
                "x-user-",
                &["oid", "roles", "email", "name", "scopes", "id", "groups"],
            ),
            prefix("x-tenant-", &["id", "name"]),
            prefix("x-portcullis-", &["assertion", "policy"]),
        ],
    ),
    group(
        "Azure App Service, Functions, Container Apps, Static Web Apps",
        "https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities",
        &[
            prefix("x-ms-client-principal", &["", "-id", "-name", "-idp"]),
            prefix(
                "x-ms-token-",
                &["aad-access-token", "aad-id-token", "google-access-token"],
            ),
            prefix("x-ms-auth-", &["token", "internal-token"]),
        ],
    ),
    group(
        "Application Request Routing (IIS, Azure App Service)",
        "https://learn.microsoft.com/azure/app-service/app-service-web-configure-tls-mutual-auth",
        &[prefix("x-arr-", &["clientcert", "ssl", "log-id"])],
    ),
    group(
        "RFC 9440",
        "https://www.rfc-editor.org/rfc/rfc9440.html",
        &[prefix("client-cert", &["", "-chain"])],
    ),
    group(
        "Google Identity-Aware Proxy",
        "https://cloud.google.com/iap/docs/identity-howto",
        &[
            prefix("x-goog-iap-", &["jwt-assertion"]),
            prefix("x-goog-authenticated-user-", &["email", "id"]),
        ],
    ),
    group(
        "Google API Gateway, Cloud Endpoints",
        "https://cloud.google.com/api-gateway/docs/passing-data",
        &[
            exact("x-apigateway-api-userinfo"),
            exact("x-endpoint-api-userinfo"),
            exact("x-forwarded-authorization"),
        ],
    ),
    group(
        "Google App Engine",
        "https://cloud.google.com/appengine/docs/standard/reference/request-headers",
        &[prefix(
            "x-appengine-",
            &["user-email", "user-id", "inbound-appid", "user-ip"],
        )],
    ),
    group(
        "AWS Application Load Balancer, Verified Access",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html",
        &[
            prefix("x-amzn-oidc-", &["data", "identity", "accesstoken"]),
            prefix(
                "x-amzn-mtls-",
                &["clientcert", "clientcert-leaf", "clientcert-subject"],
            ),
            prefix("x-amzn-ava-", &["user-context"]),
        ],
    ),
    group(
        "Cloudflare Access, mutual TLS",
        "https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/",
        &[
            prefix("cf-access-", &["jwt-assertion", "authenticated-user-email"]),
            prefix("cf-client-cert-", &["der-base64", "verified", "subject-dn"]),
        ],
    ),
    group(
        "oauth2-proxy, Traefik ForwardAuth",
        "https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview",
        &[
            prefix(
                "x-auth-request-",
                &["user", "email", "groups", "access-token"],
            ),
            prefix("x-forwarded-user", &["", "name"]),
            exact("x-forwarded-email"),
            prefix("x-forwarded-group", &["", "s"]),
            prefix("x-forwarded-role", &["", "s"]),
            prefix("x-forwarded-preferred-", &["username"]),
            exact("x-forwarded-access-token"),
            exact("x-forwarded-id-token"),
        ],
    ),
    group(
        "Authelia, CGI",
        "https://www.authelia.com/integration/trusted-header-sso/introduction/",
        &[
            prefix("remote-user", &["", "name"]),
            exact("remote-groups"),
            exact("remote-name"),
            exact("remote-email"),
        ],
    ),
    group(
        "authentik",
        "https://docs.goauthentik.io/add-secure-apps/providers/proxy/",
        &[prefix(
            "x-authentik-",
            &["username", "groups", "email", "uid", "jwt"],
        )],
    ),
    group(
        "Pomerium",
        "https://www.pomerium.com/docs/reference/jwt-claim-headers",
        &[prefix(
            "x-pomerium-",
            &["jwt-assertion", "claim-email", "claim-groups"],
        )],
    ),
    group(
        "Vouch Proxy",
        "https://github.com/vouch/vouch-proxy",
        &[prefix(
            "x-vouch-",
            &["user", "idp-claims-groups", "idp-accesstoken"],
        )],
    ),
    group(
        "Tailscale Serve",
        "https://tailscale.com/kb/1312/serve",
        &[prefix(
            "tailscale-",
            &["user-login", "user-name", "app-capabilities"],
        )],
    ),
    group(
        "Teleport",
        "https://goteleport.com/docs/enroll-resources/application-access/jwt/introduction/",
        &[prefix("teleport-", &["jwt-assertion"])],
    ),
    group(
        "Envoy, Istio, Traefik: client certificates and tokens",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers",
        &[
            prefix("x-forwarded-client-cert", &["", "-chain"]),
            prefix("x-forwarded-tls-", &["client-cert", "client-cert-info"]),
            exact("sec-istio-auth-userinfo"),
        ],
    ),
    group(
        "Linkerd, Dapr",
        "",
        &[
            prefix("l5d-", &["client-id", "dst-override"]),
            prefix("dapr-caller-", &["app-id"]),
        ],
    ),
    group(
        "Kubernetes API aggregation and impersonation",
        "https://kubernetes.io/docs/reference/access-authn-authz/authentication/",
        &[
            prefix(
                "x-remote-",
                &["user", "group", "groups", "uid", "extra-scopes", "addr"],
            ),
            prefix("impersonate-", &["user", "group", "uid", "extra-scopes"]),
        ],
    ),
    group(
        "nginx, ingress-nginx, HAProxy, Apache httpd: client certificates",
        "https://kubernetes.github.io/ingress-nginx/examples/auth/client-certs/",
        &[
            prefix(
                "x-ssl-",
                &["cert", "client-cert", "client-verify", "client-s-dn"],
            ),
            prefix("ssl-client-", &["cert", "verify", "subject-dn", "s-dn"]),
            prefix("x-client-cert", &["", "-chain", "ificate"]),
            exact("x-client-verify"),
            exact("x-client-verified"),
            prefix("x-client-dn", &["", "-issuer"]),
            exact("x-client-s-dn"),
            exact("x-client-subject"),
        ],
    ),
    group(
        "Kong, Apache APISIX",
        "https://developer.konghq.com/gateway/authentication/",
        &[
            prefix("x-consumer-", &["id", "custom-id", "username", "groups"]),
            prefix("x-credential-", &["identifier", "username"]),
            exact("x-anonymous-consumer"),
            exact("x-userinfo"),
            exact("x-access-token"),
            exact("x-id-token"),
            exact("x-refresh-token"),
        ],
    ),
    group(
        "WSO2 API Manager, Envoy jwt_authn, Istio: verified tokens",
        "",
        &[prefix("x-jwt-", &["assertion", "payload", "claim-sub"])],
    ),
    group(
        "Grafana, Gitea: auth proxy",
        "https://grafana.com/docs/grafana/latest/setup-grafana/configure-security/configure-authentication/auth-proxy/",
        &[prefix(
            "x-webauth-",
            &["user", "email", "name", "groups", "role"],
        )],
    ),
    group(
        "OpenSearch, Elasticsearch: proxy authentication",
        "https://docs.opensearch.org/latest/security/authentication-backends/proxy/",
        &[prefix("x-proxy-", &["user", "roles", "ext-mail"])],
    ),
    group(
        "SiteMinder, Spring Security pre-authentication",
        "https://docs.spring.io/spring-security/reference/servlet/authentication/preauth.html",
        &[
            prefix("sm-", &["user", "userdn", "serversessionid"]),
            exact("smuser"),
        ],
    ),
    group(
        "Shibboleth",
        "",
        &[
            prefix("shib-", &["session-id", "identity-provider"]),
            exact("eppn"),
        ],
    ),
    group(
        "mod_auth_openidc",
        "https://github.com/OpenIDC/mod_auth_openidc/blob/master/auth_openidc.conf",
        &[prefix(
            "oidc-",
            &[
                "claim-sub",
                "claim-email",
                "access-token",
                "id-token-payload",
            ],
        )],
    ),
    group(
        "IBM WebSEAL",
        "",
        &[prefix("iv-", &["user", "user-l", "groups", "creds"])],
    ),
    group(
        "Oracle Access Manager",
        "",
        &[prefix(
            "oam-",
            &["remote-user", "groups", "identity-domain"],
        )],
    ),
    group(
        "AuthCrunch (caddy-security)",
        "",
        &[
            exact("x-token-subject"),
            prefix("x-token-user-", &["name", "email", "roles"]),
        ],
    ),
    group(
        "home-made gateways, OpenStack: plain names for the caller",
        "",
        &[
            exact("x-user"),
            exact("x-username"),
            exact("x-userid"),
            exact("x-email"),
            exact("x-role"),
            exact("x-roles"),
            exact("x-group"),
            exact("x-groups"),
            exact("x-scope"),
            exact("x-scopes"),
            exact("x-permissions"),
            exact("x-claims"),
            exact("x-principal"),
            exact("x-subject"),
            exact("x-sub"),
            exact("x-tenant"),
            exact("x-tenantid"),
            prefix("x-identity", &["", "-status"]),
            prefix("x-auth-user", &["", "name", "id"]),
            exact("x-auth-email"),
            exact("x-auth-name"),
            prefix("x-auth-role", &["", "s"]),
            prefix("x-auth-group", &["", "s"]),
            prefix(
                "x-authenticated-",
                &["user", "userid", "scope", "groups", "email"],
            ),
        ],
    ),
];
