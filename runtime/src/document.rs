use utoipa::PartialSchema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::Problem;

const BEARER: &str = "bearer";

/// The OpenAPI document of a service, without its operations.
///
/// Every operation takes a bearer token and answers errors with a problem.
#[must_use]
pub fn document(title: &str, description: &str) -> OpenApi {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    let components = ComponentsBuilder::new()
        .schema("Problem", Problem::schema())
        .security_scheme(BEARER, SecurityScheme::Http(scheme))
        .build();
    let info = InfoBuilder::new()
        .title(title)
        .description(Some(description))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let bearer = SecurityRequirement::new(BEARER, [""; 0]);
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([bearer]))
        .build()
}
