use std::fmt;
use std::str::FromStr;

use url::Url;

/// Who this API is when it asks for tokens.
#[derive(Clone, Debug)]
pub struct Application {
    /// The token authority, such as `https://login.microsoftonline.com`.
    pub authority: Url,
    /// The tenant that the application is registered in.
    pub home_tenant: String,
    /// The application's id.
    pub client_id: String,
    /// What proves it.
    pub secret: ClientSecret,
}

/// The secret that this application proves itself with at the token endpoint. Never printed.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// The secret itself, for the request to the token endpoint only.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientSecret {
    type Err = &'static str;

    fn from_str(secret: &str) -> Result<Self, Self::Err> {
        // Files and copied values often end in a newline, which Entra answers with a puzzling AADSTS7000215.
        match secret.trim() {
            "" => Err("is empty; create a client secret for the application"),
            secret => Ok(Self(secret.to_owned())),
        }
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientSecret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::ClientSecret;

    #[test]
    fn a_secret_is_trimmed_never_empty_and_never_printed() {
        let secret: ClientSecret = "s3cret\n".parse().unwrap();
        assert_eq!(secret.reveal(), "s3cret");
        assert!(!format!("{secret:?}").contains("s3cret"));
        assert!(" \n".parse::<ClientSecret>().is_err());
    }
}
