use portcullis_runtime::PartState;
use portcullis_token::KeyStatus;

/// Whether callers can be verified: all, some or none.
///
/// One tenant whose keys are missing is no reason to deny the others, and neither is an issuer that
/// is away while the authz server's assertions can be verified: it has keys that this service
/// lacks.
pub(crate) fn key_state(sources: &[KeyStatus], verifies_assertions: bool) -> PartState {
    let missing: Vec<String> = sources
        .iter()
        .filter(|source| !source.is_ready())
        .map(KeyStatus::why_not_ready)
        .collect();
    PartState::of_missing(
        &missing,
        verifies_assertions || missing.len() < sources.len(),
    )
}
