use std::time::Duration;

/// Times and limits of the outbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Maximum time for one attempt: a token, the call, and their retries.
    pub(crate) attempt: Duration,
    /// Pause before the first retry. Each further pause is twice as long.
    pub(crate) first_pause: Duration,
    /// Maximum pause.
    pub(crate) longest_pause: Duration,
    /// Time for which only one attempt has a message.
    ///
    /// It is longer than an attempt, so that a message is never in two attempts.
    pub(crate) claim: Duration,
    /// Interval of the polls for due messages.
    pub(crate) poll_interval: Duration,
    /// Interval of this process's heartbeats.
    pub(crate) heartbeat_interval: Duration,
    /// Time for which a heartbeat is valid.
    pub(crate) heartbeat_ttl: Duration,
    /// Maximum number of simultaneous deliveries.
    pub(crate) deliveries_at_a_time: usize,
}

impl Pace {
    /// The pace of a running service, whose calls take at most `call` each.
    pub(crate) fn of_service(call: Duration) -> Self {
        let attempt = call.saturating_mul(2);
        Self {
            attempt,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(5),
            claim: attempt.saturating_add(Duration::from_secs(5)),
            poll_interval: Duration::from_secs(1),
            heartbeat_interval: Duration::from_secs(2),
            heartbeat_ttl: Duration::from_secs(10),
            deliveries_at_a_time: 64,
        }
    }
}
