//! The size of heap allocations, so that a memory budget counts what the allocator hands out.

/// Bytes that the allocator takes for an allocation of `bytes`.
///
/// mimalloc (`mi_bin` in `src/page-queue.c`) rounds up to multiples of 16 bytes below 64, and
/// beyond that to a quarter of the power of two below. Budgets counted in requested bytes were up
/// to a quarter too low.
pub(crate) const fn allocated(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        1..=64 => bytes.next_multiple_of(16),
        _ => bytes.next_multiple_of((1 << (bytes - 1).ilog2()) / 4),
    }
}

#[cfg(test)]
mod tests {
    use super::allocated;

    #[test]
    fn sizes_are_rounded_to_the_allocators_classes() {
        struct Case {
            name: &'static str,
            bytes: usize,
            expected: usize,
        }
        for Case {
            name,
            bytes,
            expected,
        } in [
            Case {
                name: "nothing",
                bytes: 0,
                expected: 0,
            },
            Case {
                name: "one byte",
                bytes: 1,
                expected: 16,
            },
            Case {
                name: "the first class",
                bytes: 16,
                expected: 16,
            },
            Case {
                name: "above the first class",
                bytes: 17,
                expected: 32,
            },
            Case {
                name: "the last multiple of 16",
                bytes: 64,
                expected: 64,
            },
            Case {
                name: "above 64",
                bytes: 65,
                expected: 80,
            },
            Case {
                name: "the second step above 64",
                bytes: 96,
                expected: 96,
            },
            Case {
                name: "a power of two",
                bytes: 128,
                expected: 128,
            },
            Case {
                name: "above 128",
                bytes: 129,
                expected: 160,
            },
            Case {
                name: "another power of two",
                bytes: 1024,
                expected: 1024,
            },
            Case {
                name: "above 1 KiB",
                bytes: 1025,
                expected: 1280,
            },
            Case {
                name: "2 KiB",
                bytes: 2048,
                expected: 2048,
            },
            Case {
                name: "above 2 KiB",
                bytes: 2049,
                expected: 2560,
            },
            Case {
                name: "a large allocation",
                bytes: 100_000,
                expected: 114_688,
            },
        ] {
            assert_eq!(allocated(bytes), expected, "{name}: {bytes}");
        }
    }
}
