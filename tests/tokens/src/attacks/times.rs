use portcullis_token::Reason::{self, TokenExpired, TokenLifetimeTooLong, TokenNotYetValid};

use crate::attacks::case::Family;
use crate::attacks::draft::Draft;
use crate::issuer::{Keys, NOW};

/// The defaults of `TimeRules::entra`, repeated so that a change of them fails here.
const SKEW: u64 = 60;
const DAY: u64 = 24 * 60 * 60;
/// A managed identity's token is valid for a day, and Entra backdates it by five minutes.
const LONGEST: u64 = DAY + 5 * 60;

/// The times of a token.
struct Times {
    name: &'static str,
    nbf: u64,
    iat: u64,
    exp: u64,
    expected: Option<Reason>,
}

/// A time at which a token is verified.
struct Moment {
    name: &'static str,
    now: u64,
    expected: Option<Reason>,
}

/// Tokens that are verified at `NOW + 1`.
const CLAIMS: &[Times] = &[
    Times {
        name: "an hour from now",
        nbf: NOW + 1,
        iat: NOW + 1,
        exp: NOW + 3601,
        expected: None,
    },
    // `exp` at the end of the skew, and one second to each side.
    Times {
        name: "end a second within the skew",
        nbf: NOW - 3600,
        iat: NOW - 3600,
        exp: NOW + 1 - SKEW + 1,
        expected: None,
    },
    Times {
        name: "end at the skew",
        nbf: NOW - 3600,
        iat: NOW - 3600,
        exp: NOW + 1 - SKEW,
        expected: Some(TokenExpired),
    },
    Times {
        name: "end a second beyond the skew",
        nbf: NOW - 3600,
        iat: NOW - 3600,
        exp: NOW + 1 - SKEW - 1,
        expected: Some(TokenExpired),
    },
    Times {
        name: "end now",
        nbf: NOW - 3600,
        iat: NOW - 3600,
        exp: NOW + 1,
        expected: None,
    },
    Times {
        name: "end a second ago",
        nbf: NOW - 3600,
        iat: NOW - 3600,
        exp: NOW,
        expected: None,
    },
    Times {
        name: "end an hour ago",
        nbf: NOW - 7200,
        iat: NOW - 7200,
        exp: NOW - 3600,
        expected: Some(TokenExpired),
    },
    Times {
        name: "end five minutes ago",
        nbf: NOW - 3600,
        iat: NOW - 3600,
        exp: NOW - 299,
        expected: Some(TokenExpired),
    },
    Times {
        name: "times of 1970",
        nbf: 1,
        iat: 1,
        exp: 2,
        expected: Some(TokenExpired),
    },
    Times {
        name: "zeros",
        nbf: 0,
        iat: 0,
        exp: 0,
        expected: Some(TokenExpired),
    },
    // `nbf` likewise.
    Times {
        name: "begin at the skew",
        nbf: NOW + 1 + SKEW,
        iat: NOW,
        exp: NOW + 3600,
        expected: None,
    },
    Times {
        name: "begin a second within the skew",
        nbf: NOW + 1 + SKEW - 1,
        iat: NOW,
        exp: NOW + 3600,
        expected: None,
    },
    Times {
        name: "begin a second beyond the skew",
        nbf: NOW + 1 + SKEW + 1,
        iat: NOW,
        exp: NOW + 3600,
        expected: Some(TokenNotYetValid),
    },
    Times {
        name: "begin in five minutes",
        nbf: NOW + 301,
        iat: NOW,
        exp: NOW + 3600,
        expected: Some(TokenNotYetValid),
    },
    Times {
        name: "begin in a day",
        nbf: NOW + DAY,
        iat: NOW,
        exp: NOW + DAY + 3600,
        expected: Some(TokenNotYetValid),
    },
    Times {
        name: "begin in the year 9999",
        nbf: 253_402_300_799,
        iat: NOW,
        exp: 253_402_300_799,
        expected: Some(TokenNotYetValid),
    },
    // `iat` likewise.
    Times {
        name: "issued at the skew",
        nbf: NOW,
        iat: NOW + 1 + SKEW,
        exp: NOW + 3600,
        expected: None,
    },
    Times {
        name: "issued a second beyond the skew",
        nbf: NOW,
        iat: NOW + 1 + SKEW + 1,
        exp: NOW + 3600,
        expected: Some(TokenNotYetValid),
    },
    Times {
        name: "issued in an hour",
        nbf: NOW,
        iat: NOW + 3600,
        exp: NOW + 3600,
        expected: Some(TokenNotYetValid),
    },
    Times {
        name: "issued in the year 9999",
        nbf: NOW,
        iat: 253_402_300_799,
        exp: NOW + 3600,
        expected: Some(TokenNotYetValid),
    },
    // The longest lifetime.
    Times {
        name: "a day",
        nbf: NOW,
        iat: NOW,
        exp: NOW + DAY,
        expected: None,
    },
    Times {
        name: "a day and a second",
        nbf: NOW,
        iat: NOW,
        exp: NOW + DAY + 1,
        expected: None,
    },
    Times {
        name: "a second less than the longest life",
        nbf: NOW,
        iat: NOW,
        exp: NOW + LONGEST - 1,
        expected: None,
    },
    Times {
        name: "the longest life",
        nbf: NOW,
        iat: NOW,
        exp: NOW + LONGEST,
        expected: None,
    },
    Times {
        name: "the longest life, backdated",
        nbf: NOW - 300,
        iat: NOW - 300,
        exp: NOW + DAY,
        expected: None,
    },
    Times {
        name: "a second more than the longest life",
        nbf: NOW,
        iat: NOW,
        exp: NOW + LONGEST + 1,
        expected: Some(TokenLifetimeTooLong),
    },
    Times {
        name: "a second more, backdated",
        nbf: NOW - 301,
        iat: NOW - 301,
        exp: NOW + DAY,
        expected: Some(TokenLifetimeTooLong),
    },
    Times {
        name: "25 hours",
        nbf: NOW,
        iat: NOW,
        exp: NOW + 25 * 60 * 60,
        expected: Some(TokenLifetimeTooLong),
    },
    Times {
        name: "a year",
        nbf: NOW,
        iat: NOW,
        exp: NOW + 365 * DAY,
        expected: Some(TokenLifetimeTooLong),
    },
    Times {
        name: "begin in 1970",
        nbf: 0,
        iat: NOW,
        exp: NOW + 3600,
        expected: Some(TokenLifetimeTooLong),
    },
    Times {
        name: "end in the year 9999",
        nbf: NOW,
        iat: NOW,
        exp: 253_402_300_799,
        expected: Some(TokenLifetimeTooLong),
    },
];

/// Times at which a token of `NOW` to `NOW + 3600` is verified.
const MOMENTS: &[Moment] = &[
    Moment {
        name: "begin",
        now: NOW,
        expected: None,
    },
    Moment {
        name: "a second within the skew before",
        now: NOW - SKEW + 1,
        expected: None,
    },
    Moment {
        name: "at the skew before",
        now: NOW - SKEW,
        expected: None,
    },
    Moment {
        name: "a second beyond the skew before",
        now: NOW - SKEW - 1,
        expected: Some(TokenNotYetValid),
    },
    Moment {
        name: "five minutes before",
        now: NOW - 300,
        expected: Some(TokenNotYetValid),
    },
    Moment {
        name: "an hour before",
        now: NOW - 3600,
        expected: Some(TokenNotYetValid),
    },
    Moment {
        name: "1970",
        now: 0,
        expected: Some(TokenNotYetValid),
    },
    Moment {
        name: "end",
        now: NOW + 3600,
        expected: None,
    },
    Moment {
        name: "a second within the skew after",
        now: NOW + 3600 + SKEW - 1,
        expected: None,
    },
    Moment {
        name: "at the skew after",
        now: NOW + 3600 + SKEW,
        expected: Some(TokenExpired),
    },
    Moment {
        name: "a second beyond the skew after",
        now: NOW + 3600 + SKEW + 1,
        expected: Some(TokenExpired),
    },
    Moment {
        name: "five minutes after",
        now: NOW + 3600 + 300,
        expected: Some(TokenExpired),
    },
    Moment {
        name: "the last second but one",
        now: u64::MAX - 1,
        expected: Some(TokenExpired),
    },
    Moment {
        name: "the last second",
        now: u64::MAX,
        expected: Some(TokenExpired),
    },
    // A clock that steps back makes a token good again, because denials are not cached.
    Moment {
        name: "begin again",
        now: NOW,
        expected: None,
    },
];

pub(super) fn family(keys: &Keys) -> Family {
    let mut family = Family::new("times");
    for draft in Draft::all() {
        for times in CLAIMS {
            let token = draft
                .claim("nbf", times.nbf)
                .claim("iat", times.iat)
                .claim("exp", times.exp)
                .signed(&keys.good);
            family.bearer(
                format!("{} {}", draft.name, times.name),
                &token,
                times.expected,
            );
        }
        for moment in MOMENTS {
            let token = draft
                .claim("jti", moment.now.to_string())
                .signed(&keys.good);
            family.bearer(
                format!("{} at {}", draft.name, moment.name),
                &token,
                moment.expected,
            );
            family.judged_at(moment.now);
        }
    }
    family
}
