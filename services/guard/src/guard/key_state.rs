use portcullis_runtime::PartState;
use portcullis_token::KeyStatus;

/// Whether callers can be verified: all, some or none.
///
/// Missing keys of one tenant are no reason to deny callers of the others. Neither is an issuer
/// that is away while assertions can be verified, because the authz server may have keys that this
/// service lacks.
pub(super) fn key_state(sources: &[KeyStatus], verifies_assertions: bool) -> PartState {
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
