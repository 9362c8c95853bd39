use std::ops::Range;
use std::time::Duration;

use super::claim_set::Claims;
use crate::token_denied::{Reason, TokenDenied};

/// Rules for the times of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRules {
    /// How far clocks may differ. Microsoft's libraries allow five minutes, API Management none.
    pub skew: Duration,
    /// The longest time between `nbf` and `exp`.
    pub longest_life: Duration,
}

impl Default for TimeRules {
    fn default() -> Self {
        Self {
            skew: Duration::from_mins(1),
            longest_life: Duration::from_hours(24),
        }
    }
}

impl TimeRules {
    /// The defaults for Entra, whose longest-lived tokens are those of managed identities: 24 h 5
    /// min.
    ///
    /// Entra dates `iat` and `nbf` five minutes back, so `nbf` to `exp` is five minutes more than
    /// the lifetime: the sample in "Token claims reference for agent IDs" has 8 h 5 min.
    #[must_use]
    pub const fn entra() -> Self {
        Self {
            skew: Duration::from_mins(1),
            longest_life: Duration::from_mins(24 * 60 + 5),
        }
    }

    /// Checks the times (RFC 7519 §4.1.4 to §4.1.6) and returns when the token is valid.
    ///
    /// `exp` is required. So is a begin: `nbf`, or `iat` if the issuer writes no `nbf`.
    pub(crate) fn check(
        &self,
        claims: &Claims,
        now: u64,
        writes_not_before: bool,
    ) -> Result<Range<u64>, TokenDenied> {
        let skew = self.skew.as_secs();
        let expires_at = claims.time("exp")?;
        let not_before = match claims.optional_time("nbf")? {
            Some(not_before) => not_before,
            None => claims.time(if writes_not_before { "nbf" } else { "iat" })?,
        };
        let issued_at = claims.optional_time("iat")?.unwrap_or(not_before);
        let begin = not_before.max(issued_at).saturating_sub(skew);
        let end = expires_at.saturating_add(skew);
        if now >= end {
            return Err(TokenDenied::new(
                Reason::TokenExpired,
                "the token has expired; request a new one",
            ));
        }
        if now < begin {
            return Err(TokenDenied::new(
                Reason::TokenNotYetValid,
                "the token is not valid yet; compare the clocks",
            ));
        }
        if expires_at.saturating_sub(not_before) > self.longest_life.as_secs() {
            return Err(TokenDenied::new(
                Reason::TokenLifetimeTooLong,
                "the token is valid for longer than this issuer's tokens are",
            ));
        }
        Ok(begin..end)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::TimeRules;
    use crate::{Claims, Reason};

    #[test]
    fn time_rules_are_exact_at_their_bounds() {
        struct Case {
            name: &'static str,
            nbf: u64,
            exp: u64,
            iat: Option<u64>,
            expected: Option<Reason>,
        }

        let rules = TimeRules::default();
        let now = 1_700_000_000_u64;
        let day = 24 * 60 * 60;
        for Case {
            name,
            nbf,
            exp,
            iat,
            expected,
        } in [
            Case {
                name: "valid for an hour",
                nbf: now,
                exp: now + 3600,
                iat: Some(now),
                expected: None,
            },
            Case {
                name: "a second within the skew after the end",
                nbf: now - 3600,
                exp: now - 59,
                iat: None,
                expected: None,
            },
            Case {
                name: "at the end of the skew",
                nbf: now - 3600,
                exp: now - 60,
                iat: None,
                expected: Some(Reason::TokenExpired),
            },
            Case {
                name: "begin at the end of the skew",
                nbf: now + 60,
                exp: now + 3600,
                iat: None,
                expected: None,
            },
            Case {
                name: "begin a second beyond the skew",
                nbf: now + 61,
                exp: now + 3600,
                iat: None,
                expected: Some(Reason::TokenNotYetValid),
            },
            Case {
                name: "issued a second beyond the skew",
                nbf: now,
                exp: now + 3600,
                iat: Some(now + 61),
                expected: Some(Reason::TokenNotYetValid),
            },
            Case {
                name: "valid for a day",
                nbf: now,
                exp: now + day,
                iat: None,
                expected: None,
            },
            Case {
                name: "valid for a day and a second",
                nbf: now,
                exp: now + day + 1,
                iat: None,
                expected: Some(Reason::TokenLifetimeTooLong),
            },
            Case {
                name: "valid since 1970",
                nbf: 0,
                exp: now + 1,
                iat: None,
                expected: Some(Reason::TokenLifetimeTooLong),
            },
        ] {
            let mut claims = json!({"nbf": nbf, "exp": exp});
            if let Some(iat) = iat {
                claims["iat"] = json!(iat);
            }
            let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
            let result = rules
                .check(&claims, now, true)
                .err()
                .map(|denied| denied.reason);
            assert_eq!(result, expected, "{name}");
        }
    }

    #[test]
    fn token_without_begin_or_end_is_denied() {
        for claims in [
            json!({"exp": 9}),
            json!({"nbf": 1}),
            json!({"nbf": 1, "exp": "9"}),
        ] {
            let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
            assert_eq!(
                TimeRules::default()
                    .check(&claims, 5, true)
                    .unwrap_err()
                    .reason,
                Reason::ClaimInvalid
            );
        }
    }
}
