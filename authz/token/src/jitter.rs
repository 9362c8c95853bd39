use std::time::Duration;

/// A random time from `shortest` to `longest`, so that replicas that started or failed together do
/// not send their next requests together.
///
/// The random numbers are not cryptographic: predicting a pause gains an attacker nothing.
#[must_use]
pub fn random_pause(shortest: Duration, longest: Duration) -> Duration {
    let spread = longest.saturating_sub(shortest);
    shortest.saturating_add(spread.mul_f64(fastrand::f64()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::random_pause;

    #[test]
    fn random_pause_differs_each_time_and_stays_within_its_bounds() {
        let (shortest, longest) = (Duration::from_millis(40), Duration::from_millis(60));
        let pauses: HashSet<Duration> =
            (0..1000).map(|_| random_pause(shortest, longest)).collect();
        assert!(pauses.len() > 990, "{}", pauses.len());
        assert!(
            pauses
                .iter()
                .all(|pause| (shortest..=longest).contains(pause))
        );
        let middle = Duration::from_millis(50);
        assert!(pauses.iter().any(|pause| *pause < middle));
        assert!(pauses.iter().any(|pause| *pause > middle));
    }

    #[test]
    fn random_pause_of_equal_or_extreme_bounds_is_no_overflow() {
        for [shortest, longest] in [
            [Duration::ZERO; 2],
            [Duration::MAX; 2],
            [Duration::ZERO, Duration::MAX],
            [Duration::MAX / 10 * 9, Duration::MAX],
        ] {
            let pause = random_pause(shortest, longest);
            assert!((shortest..=longest).contains(&pause), "{pause:?}");
        }
        assert_eq!(
            random_pause(Duration::MAX, Duration::ZERO),
            Duration::MAX,
            "bounds in the wrong order mean the first"
        );
    }
}
