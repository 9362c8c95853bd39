//! Requests as bytes, encoded before the session, so that the load takes little processor time.

use std::cell::Cell;
use std::num::NonZero;
use std::thread;

use anyhow::{Context, anyhow};
use portcullis_bench::IssuerKey;

/// A browser's headers, so that Envoy parses and copies a realistic request.
const HEADERS: &str = "host: gateway.example\r\n\
    user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    accept: application/json, text/plain, */*\r\n\
    accept-language: en-US,en;q=0.5\r\n\
    accept-encoding: gzip, deflate, br, zstd\r\n\
    referer: https://app.example/tasks\r\n\
    origin: https://app.example\r\n\
    sec-fetch-dest: empty\r\n\
    sec-fetch-mode: cors\r\n\
    sec-fetch-site: same-site\r\n";

/// A request for the route of every case, with this token or without one.
pub(crate) fn encoded(token: Option<&str>) -> Vec<u8> {
    let authorization = token
        .map(|token| format!("authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    format!("GET /api/tasks?page=2 HTTP/1.1\r\n{HEADERS}{authorization}\r\n").into_bytes()
}

/// Requests with good tokens of different users.
#[derive(Debug)]
pub(crate) struct Requests {
    encoded: Vec<Vec<u8>>,
    next: Cell<usize>,
    /// Whether the first follows the last.
    repeats: bool,
}

impl Requests {
    /// Requests of `count` users, which repeat.
    pub(crate) fn in_turn(key: &IssuerKey, now: u64, count: usize) -> anyhow::Result<Self> {
        Ok(Self {
            encoded: signed(key, now, count)?,
            next: Cell::new(0),
            repeats: true,
        })
    }

    /// Requests of `count` users, each used once until [`Requests::rewind`].
    pub(crate) fn once(key: &IssuerKey, now: u64, count: usize) -> anyhow::Result<Self> {
        Ok(Self {
            repeats: false,
            ..Self::in_turn(key, now, count)?
        })
    }

    /// The next request, or `None` after the last one if they do not repeat.
    pub(crate) fn take(&self) -> Option<&[u8]> {
        let at = self.next.get();
        let request = self.encoded.get(at);
        self.next
            .set(if at + 1 == self.encoded.len() && self.repeats {
                0
            } else {
                at + 1
            });
        request.map(Vec::as_slice)
    }

    /// Begins with the first request again.
    pub(crate) fn rewind(&self) {
        self.next.set(0);
    }

    pub(crate) fn len(&self) -> usize {
        self.encoded.len()
    }
}

/// Signs on every processor, because an RSA signature takes half a millisecond.
fn signed(key: &IssuerKey, now: u64, count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = count.div_ceil(threads).max(1);
    let sign = |first: usize| {
        let users = first..count.min(first + share);
        users
            .map(|user| Ok(encoded(Some(&key.token_at(user, now)?))))
            .collect::<anyhow::Result<Vec<_>>>()
    };
    thread::scope(|scope| {
        let shares: Vec<_> = (0..count)
            .step_by(share)
            .map(|first| scope.spawn(move || sign(first)))
            .collect();
        let joined = shares
            .into_iter()
            .map(|share| share.join().map_err(|_| anyhow!("a thread panicked"))?);
        Ok(joined
            .collect::<anyhow::Result<Vec<_>>>()
            .context("signing tokens")?
            .concat())
    })
}

#[cfg(test)]
mod tests {
    use portcullis_bench::{IssuerKey, NOW};

    use super::Requests;

    #[test]
    fn requests_repeat_only_in_turn() {
        let key = IssuerKey::es256().unwrap();
        let in_turn = Requests::in_turn(&key, NOW, 3).unwrap();
        let once = Requests::once(&key, NOW, 3).unwrap();
        let first = in_turn.take().unwrap().to_vec();
        assert!((0..2).all(|_| in_turn.take().is_some_and(|next| next != first)));
        assert_eq!(in_turn.take().unwrap(), first);

        assert_eq!((0..5).filter(|_| once.take().is_some()).count(), 3);
        once.rewind();
        assert!(once.take().is_some());
    }
}
