use portcullis_token::Reason::{self, TokenExpired, TokenLifetimeTooLong, TokenNotYetValid};

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{Keys, NOW};

/// The defaults of `TimeRules::entra`, repeated so that a change of them fails here.
const SKEW: u64 = 60;
const DAY: u64 = 24 * 60 * 60;
/// A managed identity's token is valid for a day, and Entra backdates it by five minutes.
const LONGEST: u64 = DAY + 5 * 60;

/// `nbf`, `iat` and `exp` of tokens that are verified at `NOW + 1`.
const CLAIMS: &[(u64, u64, u64, Option<Reason>)] = &[
    (NOW + 1, NOW + 1, NOW + 3601, None),
    // `exp` at the end of the skew, and one second to each side.
    (NOW - 3600, NOW - 3600, NOW + 1 - SKEW + 1, None),
    (NOW - 3600, NOW - 3600, NOW + 1 - SKEW, Some(TokenExpired)),
    (
        NOW - 3600,
        NOW - 3600,
        NOW + 1 - SKEW - 1,
        Some(TokenExpired),
    ),
    (NOW - 3600, NOW - 3600, NOW + 1, None),
    (NOW - 3600, NOW - 3600, NOW, None),
    (NOW - 7200, NOW - 7200, NOW - 3600, Some(TokenExpired)),
    (NOW - 3600, NOW - 3600, NOW - 299, Some(TokenExpired)),
    (1, 1, 2, Some(TokenExpired)),
    (0, 0, 0, Some(TokenExpired)),
    // `nbf` likewise.
    (NOW + 1 + SKEW, NOW, NOW + 3600, None),
    (NOW + 1 + SKEW - 1, NOW, NOW + 3600, None),
    (NOW + 1 + SKEW + 1, NOW, NOW + 3600, Some(TokenNotYetValid)),
    (NOW + 301, NOW, NOW + 3600, Some(TokenNotYetValid)),
    (NOW + DAY, NOW, NOW + DAY + 3600, Some(TokenNotYetValid)),
    (
        253_402_300_799,
        NOW,
        253_402_300_799,
        Some(TokenNotYetValid),
    ),
    // `iat` likewise.
    (NOW, NOW + 1 + SKEW, NOW + 3600, None),
    (NOW, NOW + 1 + SKEW + 1, NOW + 3600, Some(TokenNotYetValid)),
    (NOW, NOW + 3600, NOW + 3600, Some(TokenNotYetValid)),
    (NOW, 253_402_300_799, NOW + 3600, Some(TokenNotYetValid)),
    // The longest lifetime.
    (NOW, NOW, NOW + DAY, None),
    (NOW, NOW, NOW + DAY + 1, None),
    (NOW, NOW, NOW + LONGEST - 1, None),
    (NOW, NOW, NOW + LONGEST, None),
    (NOW - 300, NOW - 300, NOW + DAY, None),
    (NOW, NOW, NOW + LONGEST + 1, Some(TokenLifetimeTooLong)),
    (NOW - 301, NOW - 301, NOW + DAY, Some(TokenLifetimeTooLong)),
    (NOW, NOW, NOW + 25 * 60 * 60, Some(TokenLifetimeTooLong)),
    (NOW, NOW, NOW + 365 * DAY, Some(TokenLifetimeTooLong)),
    (0, NOW, NOW + 3600, Some(TokenLifetimeTooLong)),
    (NOW, NOW, 253_402_300_799, Some(TokenLifetimeTooLong)),
];

/// Times at which a token of `NOW` to `NOW + 3600` is verified.
const MOMENTS: &[(u64, Option<Reason>)] = &[
    (NOW, None),
    (NOW - SKEW + 1, None),
    (NOW - SKEW, None),
    (NOW - SKEW - 1, Some(TokenNotYetValid)),
    (NOW - 300, Some(TokenNotYetValid)),
    (NOW - 3600, Some(TokenNotYetValid)),
    (0, Some(TokenNotYetValid)),
    (NOW + 3600, None),
    (NOW + 3600 + SKEW - 1, None),
    (NOW + 3600 + SKEW, Some(TokenExpired)),
    (NOW + 3600 + SKEW + 1, Some(TokenExpired)),
    (NOW + 3600 + 300, Some(TokenExpired)),
    (u64::MAX - 1, Some(TokenExpired)),
    (u64::MAX, Some(TokenExpired)),
    // A clock that steps back makes a token good again, because denials are not cached.
    (NOW, None),
];

pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("times");
    for draft in Draft::all() {
        for (nbf, iat, exp, expected) in CLAIMS {
            let token = draft
                .claim("nbf", *nbf)
                .claim("iat", *iat)
                .claim("exp", *exp)
                .signed(&keys.good);
            family.bearer(
                format!("{} nbf {nbf} iat {iat} exp {exp}", draft.name),
                &token,
                *expected,
            );
        }
        for (now, expected) in MOMENTS {
            let token = draft.claim("jti", now.to_string()).signed(&keys.good);
            family.bearer(format!("{} at {now}", draft.name), &token, *expected);
            family.judged_at(*now);
        }
    }
    family
}
