//! Azure Resource Manager without a subscription. The Azure CLI lists subscriptions at each sign-in
//! and uses Microsoft Graph afterwards without them (`az login --allow-no-subscriptions`).

use axum::Json;
use serde_json::{Value, json};

/// `GET /arm/subscriptions` and `GET /arm/tenants`: nothing, whoever asks.
pub(crate) async fn nothing() -> Json<Value> {
    Json(json!({ "value": [] }))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use crate::fixture::Fixture;

    #[tokio::test]
    async fn subscriptions_are_an_empty_list() {
        let fixture = Fixture::new();
        for path in ["/arm/subscriptions?api-version=2022-12-01", "/arm/tenants"] {
            let answer = fixture.get(path).await;
            assert_eq!(answer, (StatusCode::OK, json!({"value": []})), "{path}");
        }
        let (status, _) = fixture.get("/arm/subscriptions/1/resourceGroups").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}
