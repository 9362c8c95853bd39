use crate::access_token::AccessToken;
use crate::error::TokenError;
use crate::grant::Grant;

/// Source of tokens: the token endpoint, or a fast imitation in a test.
pub(crate) trait TokenSource: Send + Sync + 'static {
    /// Sends one token request.
    fn request(
        &self,
        grant: &Grant,
    ) -> impl Future<Output = Result<AccessToken, TokenError>> + Send;
}
