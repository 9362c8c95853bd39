use portcullis_assertion::{AssertedRequest, Assertion};
use portcullis_token::{Caller, CallerKind, unix_now};

use crate::directory::CONTOSO;
use crate::service::Service;

/// The assertion that the authz server sends to `service` when an Admin requests `path`. A
/// service accepts each `id` once.
#[must_use]
pub fn assertion_of_an_admin(service: Service, path: &str, id: String) -> Assertion {
    let request = AssertedRequest {
        id,
        method: "GET".to_owned(),
        path: path.to_owned(),
    };
    let caller = Caller {
        tenant: CONTOSO.to_owned(),
        object_id: "aaaaaaaa-0001-4000-8000-000000000001".to_owned(),
        kind: CallerKind::User,
        actor: None,
        name: None,
        email: None,
        roles: vec!["Admin".to_owned()],
        scopes: vec!["access_as_user".to_owned(), "Notify.Send".to_owned()],
    };
    Assertion {
        audience: service.name().to_owned(),
        caller,
        request: Some(request),
        issued_at: unix_now(),
    }
}
