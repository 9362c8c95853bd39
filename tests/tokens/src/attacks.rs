//! Families of bad tokens, each with the good token that it is made from.

mod algorithms;
pub mod case;
mod claim_types;
mod confirmation;
mod critical;
pub mod draft;
mod duplicates;
mod encoding;
mod header_line;
mod identity;
mod json_text;
mod key_headers;
mod key_ids;
mod times;
mod token_type;

use crate::issuer::Keys;
use case::Family;

/// Returns every family.
///
/// `authority` is the issuer. A verifier that connects to `canary` has trusted a URL of a token.
pub fn families(keys: &Keys, authority: &str, canary: &str) -> Vec<Family> {
    vec![
        algorithms::names(keys),
        algorithms::shared_secrets(keys),
        algorithms::other_signatures(keys),
        key_headers::family(keys, authority, canary),
        key_ids::family(keys),
        critical::family(keys),
        duplicates::family(keys),
        json_text::family(keys),
        claim_types::family(keys),
        confirmation::family(keys),
        encoding::alphabet(keys),
        encoding::serializations(keys),
        header_line::family(keys),
        times::family(keys),
        identity::family(keys),
        token_type::family(keys),
    ]
}
