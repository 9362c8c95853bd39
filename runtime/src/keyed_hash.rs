//! A hash under a random key, in place of values that clients influence.

use std::fmt;
use std::hash::Hash;

use aws_lc_rs::rand;
use siphasher::sip128::{Hasher128, SipHasher13};

/// A hash of 128 bits under a secret key of 128 bits: SipHash-1-3 with the wide output of its
/// reference implementation (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
///
/// A table can keep the hash instead of the value, because two of 1,000,000 values share a hash
/// with a probability of 10⁻²⁷. With 64 bits it would be 10⁻⁸, too much for a service that denies a
/// request for an equal hash. Clients that do not know the key cannot choose values with equal
/// hashes. They never see a hash, so one round for each word suffices, as in the standard library's
/// maps.
///
/// Two `RandomState`s of the standard library are no substitute: it promises neither the width of
/// their hashes nor that their keys are independent.
#[derive(Clone)]
pub struct KeyedHash(SipHasher13);

/// The system gives no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system's random numbers fail")]
pub struct NoRandomNumbers;

impl KeyedHash {
    /// Makes a hash under a new random key.
    pub fn random() -> Result<Self, NoRandomNumbers> {
        let mut key = [0; 16];
        rand::fill(&mut key).map_err(|_| NoRandomNumbers)?;
        Ok(Self::with_key(key))
    }

    /// Makes a hash under `key`, for measurements that are repeated.
    #[must_use]
    pub fn with_key(key: [u8; 16]) -> Self {
        Self(SipHasher13::new_with_key(&key))
    }

    /// The hash of `value`.
    #[must_use]
    pub fn hash<T: Hash + ?Sized>(&self, value: &T) -> [u64; 2] {
        let mut hasher = self.0;
        value.hash(&mut hasher);
        let hash = hasher.finish128();
        [hash.h1, hash.h2]
    }
}

/// Does not show the key.
impl fmt::Debug for KeyedHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyedHash(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::KeyedHash;

    /// The values that tests hash.
    fn values() -> impl Iterator<Item = String> {
        (0..10_000).map(|number| format!("request {number}"))
    }

    #[test]
    fn hash_depends_on_key_and_value_alone() {
        let hash = KeyedHash::with_key([7; 16]);
        let same = KeyedHash::with_key([7; 16]);
        let other = KeyedHash::with_key([8; 16]);
        for value in values() {
            assert_eq!(hash.hash(&value), same.hash(&value), "{value}");
            assert_eq!(hash.hash(&value), hash.hash(value.as_str()), "{value}");
            assert_ne!(hash.hash(&value), other.hash(&value), "{value}");
        }
    }

    #[test]
    fn random_keys_differ() {
        let hashes: HashSet<[u64; 2]> = (0..100)
            .map(|_| KeyedHash::random().unwrap().hash("value"))
            .collect();
        assert_eq!(hashes.len(), 100);
    }

    #[test]
    fn every_bit_of_a_hash_is_used_and_halves_are_independent() {
        let hash = KeyedHash::random().unwrap();
        let mut counts = [0_u32; 128];
        let mut equal_halves = 0;
        for value in values() {
            let [first, second] = hash.hash(&value);
            equal_halves += u32::from(first == second);
            let bits = u128::from(first) << 64 | u128::from(second);
            for (bit, count) in counts.iter_mut().enumerate() {
                *count += u32::from(bits >> bit & 1 == 1);
            }
        }
        assert_eq!(equal_halves, 0);
        // Twelve standard deviations around the half.
        assert!(
            counts.iter().all(|count| (4_400..5_600).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn parts_of_a_tuple_do_not_overlap() {
        let hash = KeyedHash::random().unwrap();
        assert_ne!(hash.hash(&("ab", "c")), hash.hash(&("a", "bc")));
        assert_ne!(hash.hash(&("", "abc")), hash.hash(&("abc", "")));
    }

    #[test]
    fn debug_output_has_no_key() {
        assert_eq!(
            format!("{:?}", KeyedHash::with_key([42; 16])),
            "KeyedHash(redacted)"
        );
    }
}
