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

    #[test]
    fn pause_doubles_up_to_the_limit() {
        let pace = Pace::of_service(Duration::from_secs(5));
        for (attempts, spread, milliseconds) in [
            (1, 0, 1_000),
            (1, 255, 750),
            (2, 0, 2_000),
            (9, 0, 256_000),
            (10, 0, 300_000),
            (u32::MAX, 0, 300_000),
            (u32::MAX, 255, 225_000),
        ] {
            assert_eq!(
                pause(&pace, attempts, spread),
                Duration::from_millis(milliseconds),
                "{attempts} {spread}"
            );
        }
    }
}
