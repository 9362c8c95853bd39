use std::time::Duration;

use super::Pace;

/// The pause after a number of attempts: it doubles each time, up to a limit.
///
/// `spread` shortens it by up to a quarter, so that messages that failed at the same time are not
/// retried at the same time.
pub(super) fn pause(pace: &Pace, attempts: u32, spread: u8) -> Duration {
    let doubled = pace
        .first_pause
        .saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
    let pause = doubled.min(pace.longest_pause);
    pause.saturating_sub(pause / 4 * u32::from(spread) / 255)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::pause;
    use crate::outbox::Pace;

    struct Pause {
        name: &'static str,
        attempts: u32,
        spread: u8,
        milliseconds: u64,
    }

    #[test]
    fn pause_doubles_up_to_the_limit() {
        let pace = Pace::of_service(Duration::from_secs(5));
        for Pause {
            name,
            attempts,
            spread,
            milliseconds,
        } in [
            Pause {
                name: "first",
                attempts: 1,
                spread: 0,
                milliseconds: 1_000,
            },
            Pause {
                name: "first, spread",
                attempts: 1,
                spread: 255,
                milliseconds: 750,
            },
            Pause {
                name: "second",
                attempts: 2,
                spread: 0,
                milliseconds: 2_000,
            },
            Pause {
                name: "last below the limit",
                attempts: 9,
                spread: 0,
                milliseconds: 256_000,
            },
            Pause {
                name: "at the limit",
                attempts: 10,
                spread: 0,
                milliseconds: 300_000,
            },
            Pause {
                name: "after all attempts",
                attempts: u32::MAX,
                spread: 0,
                milliseconds: 300_000,
            },
            Pause {
                name: "after all attempts, spread",
                attempts: u32::MAX,
                spread: 255,
                milliseconds: 225_000,
            },
        ] {
            assert_eq!(
                pause(&pace, attempts, spread),
                Duration::from_millis(milliseconds),
                "{name}"
            );
        }
    }
}
