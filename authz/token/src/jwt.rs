//! A JWS whose payload is claims (RFC 7519), before and after its signature is verified.

mod open;
mod unverified;

pub(crate) use open::Unopened;
pub use open::{key_id_of, open};
pub use unverified::{JwsAlgorithm, UnverifiedJws};
