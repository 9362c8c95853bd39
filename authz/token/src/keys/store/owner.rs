use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Checks that only this process's user can write an open file.
///
/// A stored file decides who may call: an attacker who can write keys can sign tokens. The folder
/// may be open to other users (Kubernetes creates an emptyDir so), but the file must not be.
///
/// # Errors
///
/// Names the other owner, or says that other users can write the file.
pub fn check_owner(metadata: &Metadata) -> Result<(), String> {
    let own = nix::unistd::geteuid().as_raw();
    if metadata.uid() != own {
        return Err(format!(
            "it belongs to user {} and not to {own}",
            metadata.uid()
        ));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("users other than its owner can write it".to_owned());
    }
    Ok(())
}
