use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// A password or client secret, which is never printed.
#[derive(Clone, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The first characters, by which the owner of several secrets tells them apart.
    pub(crate) fn hint(&self) -> String {
        self.0.chars().take(3).collect()
    }

    /// Compares digests in constant time, so that the time reveals neither content nor length.
    pub(crate) fn matches(&self, given: &str) -> bool {
        let of = |text: &str| digest(&SHA256, text.as_bytes());
        verify_slices_are_equal(of(&self.0).as_ref(), of(given).as_ref()).is_ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn secret_matches_only_itself_and_is_not_printed() {
        let secret = Secret("Zürich-1".to_owned());
        assert!(secret.matches("Zürich-1"));
        for other in ["Zürich-", "zürich-1", ""] {
            assert!(!secret.matches(other), "{other}");
        }
        assert!(!format!("{secret:?}").contains("rich"));
    }
}
