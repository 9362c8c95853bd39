use dev_entra::Workload;
use portcullis_entra_client::{ClientCredential, EntraClient};

use crate::tenant::{AUDIT, CONTOSO, NOTIFY, TASK_API, Tenant, claims, project};

/// Obtains both grants in a new session of a user, or returns the reason code of the failure.
async fn both(tenant: &Tenant, client: &EntraClient) -> Result<(), &'static str> {
    let ada = tenant.ada().await;
    let on_behalf = client
        .on_behalf_of(CONTOSO, &ada, NOTIFY)
        .await
        .map_err(|error| error.reason())?;
    let before = claims(&ada);
    let after = claims(on_behalf.reveal());
    assert_eq!(
        (&after["oid"], &after["tid"], &after["scp"]),
        (&before["oid"], &before["tid"], &"Notify.Send".into())
    );
    let own = client
        .as_itself(AUDIT)
        .await
        .map_err(|error| error.reason())?;
    let own = claims(own.reveal());
    assert_eq!(
        (&own["azp"], &own["roles"][0]),
        (&TASK_API.into(), &"AuditLog.Write".into())
    );
    Ok(())
}

#[tokio::test]
async fn valid_credential_obtains_both_grants_and_invalid_one_neither() {
    let registered = Workload::generate().unwrap();
    let cluster = Workload::generate().unwrap();
    let unknown = Workload::generate().unwrap();
    let mut tenant = Tenant::start(&registered, &cluster).await;
    let projected = tenant.folder.path().join("projected");
    let foreign = tenant.folder.path().join("foreign");
    project(&cluster, &projected);
    project(&unknown, &foreign);
    let certificate = tenant.file("registered.pem", &registered.identity_pem().unwrap());
    let unregistered = tenant.file("unregistered.pem", &unknown.identity_pem().unwrap());
    for (credential, expected) in [
        (
            ClientCredential::Secret("task-api-secret".parse().unwrap()),
            Ok(()),
        ),
        (
            ClientCredential::secret_file(tenant.file("secret", "second-secret\n")),
            Ok(()),
        ),
        (ClientCredential::certificate(certificate), Ok(())),
        (ClientCredential::federated(projected), Ok(())),
        (
            ClientCredential::Secret("wrong".parse().unwrap()),
            Err("client_refused"),
        ),
        (
            ClientCredential::certificate(unregistered),
            Err("client_refused"),
        ),
        (ClientCredential::federated(foreign), Err("client_refused")),
        (
            ClientCredential::federated(tenant.folder.path().join("absent")),
            Err("credential_unusable"),
        ),
    ] {
        let label = format!("{credential:?}");
        let client = tenant.client(credential);
        assert_eq!(both(&tenant, &client).await, expected, "{label}");
    }
}

/// The test replaces each credential while the service runs: the secret, the certificate, and the
/// key of the cluster.
#[tokio::test]
async fn rotated_credential_is_used_on_next_request() {
    let registered = Workload::generate().unwrap();
    let cluster = Workload::generate().unwrap();
    let mut tenant = Tenant::start(&registered, &cluster).await;
    let secret = tenant.file("secret", "expired-secret");
    let client = tenant.client(ClientCredential::secret_file(secret.clone()));
    assert_eq!(both(&tenant, &client).await, Err("client_refused"));
    std::fs::write(secret, "second-secret\n").unwrap();
    assert_eq!(both(&tenant, &client).await, Ok(()));

    let next = Workload::generate().unwrap();
    let certificate = tenant.file("client.pem", &next.identity_pem().unwrap());
    let client = tenant.client(ClientCredential::certificate(certificate.clone()));
    assert_eq!(both(&tenant, &client).await, Err("client_refused"));
    std::fs::write(certificate, registered.identity_pem().unwrap()).unwrap();
    assert_eq!(both(&tenant, &client).await, Ok(()));

    let projected = tenant.folder.path().join("token");
    project(&cluster, &projected);
    let client = tenant.client(ClientCredential::federated(projected.clone()));
    assert_eq!(both(&tenant, &client).await, Ok(()));
    // The cluster rotates its key, and kubelet replaces the token a moment later.
    tenant.file("jwks.json", &next.key_set());
    let bob = tenant.ada().await;
    let error = client
        .on_behalf_of(CONTOSO, &bob, NOTIFY)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the token endpoint answered 401 Unauthorized: invalid_client AADSTS700027"
    );
    project(&next, &projected);
    assert_eq!(both(&tenant, &client).await, Ok(()));
}
