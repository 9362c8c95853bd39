//! The resource of tokens that stand in for a credential. Every tenant has it.

use uuid::{Uuid, uuid};

use super::Application;
use crate::authority::Version;

/// Its identifier URI.
const TOKEN_EXCHANGE_URI: &str = "api://AzureADTokenExchange";
/// Its application id in the public cloud.
pub(crate) const TOKEN_EXCHANGE_ID: Uuid = uuid!("fb60f99c-7a34-4190-8149-302f77469936");
/// The object id of its service principal, which differs for each real tenant.
const PRINCIPAL: Uuid = uuid!("fb60f99c-7a34-4190-8149-000000000001");

pub(super) fn application() -> Application {
    Application {
        key: "AzureADTokenExchange".to_owned(),
        service_principal: PRINCIPAL,
        identifier_uri: TOKEN_EXCHANGE_URI.to_owned(),
        token_version: Version::V2,
        multi_tenant: true,
        ..Application::blank(TOKEN_EXCHANGE_ID, Uuid::nil())
    }
}
