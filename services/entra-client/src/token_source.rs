use crate::access_token::AccessToken;
use crate::error::TokenError;
use crate::grant::Grant;

/// Where tokens come from: the token endpoint, or in a test an issuer that answers millions of
/// times a second.
pub(crate) trait TokenSource: Send + Sync + 'static {
    /// Asks once.
    fn request(
        &self,
        grant: &Grant,
    ) -> impl Future<Output = Result<AccessToken, TokenError>> + Send;
}
