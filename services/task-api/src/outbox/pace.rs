use std::time::Duration;

/// How patient the outbox is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Longest time for one attempt: a token, the call, and their repetitions.
    pub(crate) attempt: Duration,
    /// Pause before the first repetition; each next one is twice as long.
    pub(crate) first_pause: Duration,
    /// Longest pause.
    pub(crate) longest_pause: Duration,
    /// How long a message is one attempt's alone. Longer than an attempt takes, or it would be
    /// tried twice at once.
    pub(crate) claim: Duration,
    /// How often to look for messages that are due.
    pub(crate) look_every: Duration,
    /// How often this process says that it lives.
    pub(crate) say_alive_every: Duration,
    /// How long that holds.
    pub(crate) life: Duration,
    /// Deliveries at a time.
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
            look_every: Duration::from_secs(1),
            say_alive_every: Duration::from_secs(2),
            life: Duration::from_secs(10),
            deliveries_at_a_time: 64,
        }
    }
}
