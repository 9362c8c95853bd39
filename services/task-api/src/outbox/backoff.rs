use std::time::Duration;

use portcullis_token::random_pause;

use super::Pace;

/// The pause after a number of attempts.
///
/// It is up to a quarter shorter than [`longest`], at random, so that messages that failed at the
/// same time are not retried at the same time.
pub(super) fn pause(pace: &Pace, attempts: u32) -> Duration {
    let longest = longest(pace, attempts);
    random_pause(longest / 4 * 3, longest)
}

/// The longest pause after a number of attempts: it doubles each time, up to a limit.
fn longest(pace: &Pace, attempts: u32) -> Duration {
    pace.first_pause
        .saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)))
        .min(pace.longest_pause)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{longest, pause};
    use crate::outbox::Pace;

    struct Pause {
        name: &'static str,
        attempts: u32,
        milliseconds: u64,
    }

    #[test]
    fn pause_doubles_up_to_the_limit_and_is_spread_by_a_quarter() {
        let pace = Pace::of_service(Duration::from_secs(5));
        for Pause {
            name,
            attempts,
            milliseconds,
        } in [
            Pause {
                name: "first",
                attempts: 1,
                milliseconds: 1_000,
            },
            Pause {
                name: "second",
                attempts: 2,
                milliseconds: 2_000,
            },
            Pause {
                name: "last below the limit",
                attempts: 9,
                milliseconds: 256_000,
            },
            Pause {
                name: "at the limit",
                attempts: 10,
                milliseconds: 300_000,
            },
            Pause {
                name: "after all attempts",
                attempts: u32::MAX,
                milliseconds: 300_000,
            },
        ] {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(longest(&pace, attempts), expected, "{name}");
            for _ in 0..100 {
                let pause = pause(&pace, attempts);
                assert!(
                    (expected / 4 * 3..=expected).contains(&pause),
                    "{name}: {pause:?}"
                );
            }
        }
    }
}
