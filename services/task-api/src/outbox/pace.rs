use std::time::Duration;

/// How patient the outbox is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Longest time that a user's request waits for the first attempt.
    pub(crate) user_waits: Duration,
    /// Pause before the first repetition; each next one is twice as long.
    pub(crate) first_pause: Duration,
    /// Longest pause.
    pub(crate) longest_pause: Duration,
    /// How long a message is one attempt's alone. Longer than an attempt can take, or it would be tried twice at once.
    pub(crate) attempt: Duration,
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
    /// The pace of a running service, whose calls take at most `call` each: a token request, and then the delivery.
    pub(crate) fn of_service(user_waits: Duration, call: Duration) -> Self {
        Self {
            user_waits,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(5),
            attempt: call.saturating_mul(3).max(Duration::from_secs(15)),
            look_every: Duration::from_secs(1),
            say_alive_every: Duration::from_secs(2),
            life: Duration::from_secs(10),
            deliveries_at_a_time: 64,
        }
    }
}
