use crate::allocation::allocated;

/// Bytes that a chunk holds. With the link to the next chunk it takes 64 bytes.
pub(super) const PAYLOAD: usize = 56;
/// Bytes of a chunk on the heap.
pub(super) const CHUNK: usize = allocated(size_of::<Chunk>());

/// A queue of bytes in chunks of one size.
///
/// With one growing buffer for each queue, 224 MiB took up to 269 MiB: the allocator could not use
/// freed memory of one size for others until whole pages were free. Chunks have one size, so
/// another queue can use a freed chunk at once.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    /// Full chunks in the order of their bytes. Reading starts at `start` of the first.
    front: Option<Box<Chunk>>,
    /// The chunk that is written, up to `end`, and behind it full chunks, the newest first. They
    /// are reversed into `front` when it is used up, so both ends are found in O(1) amortized.
    back: Option<Box<Chunk>>,
    start: u8,
    end: u8,
    count: u16,
}

#[derive(Debug)]
struct Chunk {
    next: Option<Box<Self>>,
    bytes: [u8; PAYLOAD],
}

impl Chunks {
    pub(super) fn push(&mut self, byte: u8) {
        if self.back.is_none() || usize::from(self.end) == PAYLOAD {
            self.back = Some(Box::new(Chunk {
                next: self.back.take(),
                bytes: [0; PAYLOAD],
            }));
            self.end = 0;
            self.count += 1;
        }
        let slot = self
            .back
            .as_mut()
            .and_then(|chunk| chunk.bytes.get_mut(usize::from(self.end)));
        if let Some(slot) = slot {
            *slot = byte;
            self.end += 1;
        }
    }

    pub(super) fn pop(&mut self) -> Option<u8> {
        if self.front.is_none() {
            self.reverse_back();
        }
        let (chunk, end) = match &self.front {
            Some(chunk) => (chunk, PAYLOAD),
            None => (self.back.as_ref()?, usize::from(self.end)),
        };
        let byte = *chunk.bytes.get(usize::from(self.start))?;
        self.start += 1;
        if usize::from(self.start) == end {
            self.start = 0;
            self.count -= 1;
            // Without a front, the chunk that is written was read to its end.
            match self.front.take() {
                Some(chunk) => self.front = chunk.next,
                None => self.back = None,
            }
        }
        Some(byte)
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        usize::from(self.count) * CHUNK
    }

    /// Bytes more on the heap after `pushed` bytes are pushed.
    pub(super) fn growth(&self, pushed: usize) -> usize {
        let free = if self.back.is_some() {
            PAYLOAD - usize::from(self.end)
        } else {
            0
        };
        pushed.saturating_sub(free).div_ceil(PAYLOAD) * CHUNK
    }

    /// Moves the full chunks of the back to the front.
    fn reverse_back(&mut self) {
        let mut full = self.back.as_mut().and_then(|written| written.next.take());
        while let Some(mut chunk) = full {
            full = chunk.next.take();
            chunk.next = self.front.take();
            self.front = Some(chunk);
        }
    }
}

/// Drops the chunks one by one: a recursive drop of thousands would overflow the stack.
impl Drop for Chunks {
    fn drop(&mut self) {
        for end in [&mut self.front, &mut self.back] {
            while let Some(chunk) = end.take() {
                *end = chunk.next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::{CHUNK, Chunks, PAYLOAD};

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(300)
        })]

        #[test]
        fn bytes_come_out_as_they_went_in(steps in vec((any::<bool>(), 1..200_u8), 0..60)) {
            let mut chunks = Chunks::default();
            let mut model = VecDeque::new();
            for (pushes, count) in steps {
                let expected = chunks.bytes() + chunks.growth(usize::from(count));
                for byte in 0..count {
                    if pushes {
                        chunks.push(byte);
                        model.push_back(byte);
                    } else {
                        prop_assert_eq!(chunks.pop(), model.pop_front());
                    }
                }
                if pushes {
                    prop_assert_eq!(chunks.bytes(), expected);
                }
                // The first chunk and the last may be partly used.
                prop_assert!(chunks.bytes() <= (model.len() + 2 * (PAYLOAD - 1)) / PAYLOAD * CHUNK);
                prop_assert_eq!(chunks.bytes() == 0, model.is_empty());
            }
        }
    }

    #[test]
    fn chunk_takes_64_bytes_and_thousands_are_dropped_on_a_small_stack() {
        assert_eq!(CHUNK, 64);
        let work = || {
            let mut chunks = Chunks::default();
            for _ in 0..PAYLOAD * 60_000 {
                chunks.push(1);
            }
            assert_eq!(chunks.bytes(), 60_000 * CHUNK);
        };
        std::thread::Builder::new()
            .stack_size(64 * 1024)
            .spawn(work)
            .unwrap()
            .join()
            .unwrap();
    }
}
