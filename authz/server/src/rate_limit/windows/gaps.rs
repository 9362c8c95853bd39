use super::chunks::{CHUNK, Chunks, PAYLOAD};

/// Differences between successive times, oldest first.
///
/// Each is a zigzag varint (Protocol Buffers, "Encoding"): one byte below 64 ms, two below 8 s. At
/// 1,000 requests a minute that is 1.4 KB for each caller; a `Duration` for each request took 16
/// KB. A difference is negative if a thread read its time before another thread that counted first.
#[derive(Debug, Default)]
pub(super) struct Gaps(Chunks);

/// The bit of a byte that says that more follow. The other seven bits are part of the number.
const MORE: u8 = 0x80;

impl Gaps {
    pub(super) fn push(&mut self, gap: i64) {
        let mut rest = zigzag(gap);
        while rest >= u64::from(MORE) {
            self.0.push(low_byte(rest) | MORE);
            rest >>= 7;
        }
        self.0.push(low_byte(rest));
    }

    /// Removes and returns the oldest difference, or 0 if the list is empty.
    pub(super) fn pop(&mut self) -> i64 {
        let mut value = 0;
        let mut shift = 0;
        while let Some(byte) = self.0.pop() {
            value |= u64::from(byte & !MORE) << shift;
            if byte & MORE == 0 {
                break;
            }
            // A u64 has ten groups of seven bits.
            shift = (shift + 7).min(63);
        }
        unzigzag(value)
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Bytes more on the heap after `gap` is pushed.
    pub(super) fn growth(&self, gap: i64) -> usize {
        self.0.growth(length(gap))
    }
}

/// The most bytes on the heap for the differences between `times` times within `span` milliseconds.
pub(super) fn most_bytes(times: u64, span: u64) -> usize {
    let bytes = usize::try_from(most_encoded(times, span)).unwrap_or(usize::MAX / 4);
    // The first chunk and the last may be partly used.
    (bytes + 2 * (PAYLOAD - 1)) / PAYLOAD * CHUNK
}

/// The most encoded bytes. At most `span / least` differences of `least` or more fit into the span.
fn most_encoded(times: u64, span: u64) -> u64 {
    let count = times.saturating_sub(1);
    let longer_than = |bytes: u32| count.min(span >> (7 * bytes - 1));
    count + (1..=4).map(longer_than).sum::<u64>()
}

fn length(gap: i64) -> usize {
    (1..10)
        .find(|bytes| zigzag(gap) >> (7 * bytes) == 0)
        .unwrap_or(10)
}

/// Maps small numbers of either sign to small unsigned numbers.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn low_byte(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::{Gaps, most_bytes, most_encoded};

    fn gap() -> impl Strategy<Value = i64> {
        prop_oneof![0..64_i64, -64..8192_i64, 0..100_000_000_i64, any::<i64>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(300)
        })]

        #[test]
        fn gaps_come_out_as_they_went_in(steps in vec(proptest::option::of(gap()), 0..400)) {
            let mut gaps = Gaps::default();
            let mut model = VecDeque::new();
            for step in steps {
                if let Some(gap) = step {
                    let expected = gaps.bytes() + gaps.growth(gap);
                    gaps.push(gap);
                    model.push_back(gap);
                    prop_assert_eq!(gaps.bytes(), expected);
                } else {
                    prop_assert_eq!(gaps.pop(), model.pop_front().unwrap_or(0));
                }
            }
        }

        #[test]
        fn gaps_within_a_span_take_no_more_than_the_bound(
            gone in 0..100_usize,
            between in vec(prop_oneof![0..64_i64, 0..70_000_i64, 0..3_000_000_i64], 0..300),
        ) {
            let mut gaps = Gaps::default();
            // Gaps that have left the window leave the first chunk partly used.
            (0..gone).for_each(|_| gaps.push(1));
            for gap in &between {
                gaps.push(*gap);
            }
            (0..gone).for_each(|_| assert_eq!(gaps.pop(), 1));
            let span = between.iter().sum::<i64>().cast_unsigned();
            let most = most_bytes(between.len() as u64 + 1, span);
            prop_assert!(gaps.bytes() <= most, "{} {most}", gaps.bytes());
        }
    }

    #[test]
    fn thousand_requests_a_minute_take_about_two_kilobytes() {
        struct Case {
            name: &'static str,
            times: u64,
            span: u64,
            encoded: u64,
            bytes: usize,
        }
        let case = |name, times, span, encoded, bytes| Case {
            name,
            times,
            span,
            encoded,
            bytes,
        };
        for Case {
            name,
            times,
            span,
            encoded,
            bytes,
        } in [
            case("one a minute", 1, 60_000, 0, 64),
            case("two a minute", 2, 60_000, 1 + 1 + 1, 128),
            case("a hundred a minute", 100, 60_000, 99 + 99 + 7, 320),
            case("a thousand a minute", 1000, 60_000, 999 + 937 + 7, 2304),
            case("a thousand a second", 1000, 1000, 999 + 15, 1280),
            case(
                "the largest limit",
                100_000,
                86_400_000,
                99_999 + 99_999 + 10_546 + 82,
                240_832,
            ),
        ] {
            assert_eq!(most_encoded(times, span), encoded, "{name}");
            assert_eq!(most_bytes(times, span), bytes, "{name}");
        }
    }
}
