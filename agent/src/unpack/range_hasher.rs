//! Hashes the ranges that a manifest lists while a file streams past.

use lanes::{Md5State, Piece, update_many};
use shared::manifest::Part;

/// Compares the bytes of a file with the hashes of its ranges, which ascend and do not overlap;
/// gaps are not compared.
pub struct RangeHasher {
    parts: Vec<Part>,
    /// The first part that has not ended.
    next: usize,
    /// State of that part when it has begun.
    carried: Option<Md5State>,
}

impl RangeHasher {
    /// Begins at the start of a file.
    #[must_use]
    pub fn new(parts: Vec<Part>) -> Self {
        Self {
            parts,
            next: 0,
            carried: None,
        }
    }

    /// Takes the file's bytes from `at` on, which is where the last call ended. Returns the offset
    /// of every part that ended and has another hash than the manifest says.
    pub fn take(&mut self, at: u64, bytes: &[u8]) -> Vec<u64> {
        let end = at.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let touched = self
            .parts
            .iter()
            .skip(self.next)
            .take_while(|part| part.at < end);
        let parts: Vec<Part> = touched.copied().collect();
        let mut states: Vec<Md5State> = Vec::with_capacity(parts.len());
        for part in &parts {
            let carried = if part.at < at {
                self.carried.take()
            } else {
                None
            };
            states.push(carried.unwrap_or_else(Md5State::new));
        }
        let mut pieces = Vec::with_capacity(parts.len());
        for (part, state) in parts.iter().zip(&mut states) {
            let from = index(part.at.saturating_sub(at));
            let to = index(part_end(part).min(end).saturating_sub(at));
            pieces.push(Piece {
                state,
                bytes: bytes.get(from..to).unwrap_or_default(),
            });
        }
        update_many(&mut pieces);
        let mut wrong = Vec::new();
        for (part, state) in parts.iter().zip(states) {
            if part_end(part) > end {
                self.carried = Some(state);
                break;
            }
            self.next = self.next.saturating_add(1);
            if state.finish() != part.hash {
                wrong.push(part.at);
            }
        }
        wrong
    }
}

const fn part_end(part: &Part) -> u64 {
    part.at.saturating_add(part.bytes)
}

fn index(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(at: u64, content: &[u8]) -> Part {
        let hash = lanes::digest_many(&[content])[0];
        Part {
            at,
            bytes: u64::try_from(content.len()).expect("short"),
            hash,
        }
    }

    #[test]
    fn ranges_are_compared_however_the_bytes_are_cut() {
        let file: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let mut parts = vec![
            part(0, &file[..300]),
            part(300, &file[300..301]),
            part(400, &file[400..1000]),
        ];
        for step in [1, 7, 299, 300, 301, 999, 1000] {
            let mut hasher = RangeHasher::new(parts.clone());
            for (number, piece) in file.chunks(step).enumerate() {
                assert_eq!(
                    hasher.take(u64::try_from(number * step).expect("short"), piece),
                    Vec::<u64>::new()
                );
            }
        }
        parts[2].hash[0] ^= 1;
        let mut hasher = RangeHasher::new(parts);
        assert_eq!(hasher.take(0, &file), vec![400]);
    }
}
