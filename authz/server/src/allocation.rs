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
        for (bytes, expected) in [
            (0, 0),
            (1, 16),
            (16, 16),
            (17, 32),
            (64, 64),
            (65, 80),
            (96, 96),
            (128, 128),
            (129, 160),
            (1024, 1024),
            (1025, 1280),
            (2048, 2048),
            (2049, 2560),
            (100_000, 114_688),
        ] {
            assert_eq!(allocated(bytes), expected, "{bytes}");
        }
    }
}
