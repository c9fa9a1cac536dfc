//! Hashes the ranges that a manifest lists while files stream past, those of several files side by
//! side.

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

/// Bytes of one file that are to be hashed: where they begin in it, and they.
pub struct Span<'a> {
    /// Whose they are.
    pub hasher: &'a mut RangeHasher,
    /// Offset in the file: where the last span of it ended.
    pub at: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// A range that a span touches.
struct Open<'b> {
    state: Md5State,
    bytes: &'b [u8],
}

impl RangeHasher {
    /// Begins at the start of a file.
    #[must_use]
    pub const fn new(parts: Vec<Part>) -> Self {
        Self {
            parts,
            next: 0,
            carried: None,
        }
    }

    /// Goes on at the last range border up to `through`, and returns where that is: what is before it
    /// was compared earlier.
    pub fn skip_to(&mut self, through: u64) -> u64 {
        self.next = self.parts.partition_point(|part| part_end(part) <= through);
        self.carried = None;
        match self.parts.get(self.next) {
            Some(part) => part.at.min(through),
            None => through,
        }
    }

    /// Takes the file's bytes from `at` on, which is where the last call ended. Returns the offset
    /// of every part that ended and has another hash than the manifest says.
    pub fn take(&mut self, at: u64, bytes: &[u8]) -> Vec<u64> {
        let hasher = self;
        take_all(vec![Span { hasher, at, bytes }])
            .pop()
            .unwrap_or_default()
    }

    fn open<'b>(&mut self, at: u64, bytes: &'b [u8]) -> Vec<Open<'b>> {
        let end = end_of(at, bytes);
        let left = self.parts.get(self.next..).unwrap_or_default();
        let touched = left.iter().take_while(|part| part.at < end);
        let mut carried = self.carried.take();
        let open = |part: &Part| {
            let state = if part.at < at { carried.take() } else { None };
            let from = index(part.at.saturating_sub(at));
            let to = index(part_end(part).min(end).saturating_sub(at));
            Open {
                state: state.unwrap_or_else(Md5State::new),
                bytes: bytes.get(from..to).unwrap_or_default(),
            }
        };
        touched.map(open).collect()
    }

    fn close(&mut self, end: u64, opened: Vec<Open<'_>>) -> Vec<u64> {
        let mut wrong = Vec::new();
        for open in opened {
            let Some(part) = self.parts.get(self.next) else {
                break;
            };
            if part_end(part) > end {
                self.carried = Some(open.state);
                break;
            }
            self.next = self.next.saturating_add(1);
            if open.state.finish() != part.hash {
                wrong.push(part.at);
            }
        }
        wrong
    }
}

/// Hashes the spans side by side. Returns for each the offset of every part that ended and has
/// another hash than the manifest says.
pub fn take_all(mut spans: Vec<Span<'_>>) -> Vec<Vec<u64>> {
    let mut opened: Vec<Vec<Open<'_>>> = spans
        .iter_mut()
        .map(|span| span.hasher.open(span.at, span.bytes))
        .collect();
    let mut pieces: Vec<Piece<'_>> = opened
        .iter_mut()
        .flatten()
        .map(|open| Piece::new(&mut open.state, open.bytes))
        .collect();
    update_many(&mut pieces);
    let closed = spans.into_iter().zip(opened);
    closed
        .map(|(span, opened)| span.hasher.close(end_of(span.at, span.bytes), opened))
        .collect()
}

fn end_of(at: u64, bytes: &[u8]) -> u64 {
    at.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
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

    fn file_and_parts() -> (Vec<u8>, Vec<Part>) {
        let file: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let parts = vec![
            part(0, &file[..300]),
            part(300, &file[300..301]),
            part(400, &file[400..1000]),
        ];
        (file, parts)
    }

    #[test]
    fn ranges_are_compared_however_the_bytes_are_cut() {
        let (file, mut parts) = file_and_parts();
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

    #[test]
    fn several_files_side_by_side_are_told_apart() {
        let (file, parts) = file_and_parts();
        let mut wrong = parts.clone();
        wrong[1].hash[3] ^= 1;
        let mut hashers = [parts.clone(), wrong, parts].map(RangeHasher::new);
        let mut found = vec![Vec::new(); 3];
        for (at, piece) in [(0, &file[..350]), (350, &file[350..])] {
            let spans = hashers.iter_mut().map(|hasher| Span {
                hasher,
                at,
                bytes: piece,
            });
            let spans = spans.collect();
            for (found, wrong) in found.iter_mut().zip(take_all(spans)) {
                found.extend(wrong);
            }
        }
        assert_eq!(found, [vec![], vec![300], vec![]]);
    }

    #[test]
    fn a_skip_begins_at_the_border_of_a_range_and_compares_the_rest() {
        let (file, mut parts) = file_and_parts();
        parts[2].hash[0] ^= 1;
        for (through, from) in [
            (0, 0),
            (299, 0),
            (300, 300),
            (301, 301),
            (350, 350),
            (999, 400),
        ] {
            let mut hasher = RangeHasher::new(parts.clone());
            assert_eq!(hasher.skip_to(through), from, "{through}");
            let rest = &file[index(from)..];
            assert_eq!(hasher.take(from, rest), vec![400], "{through}");
        }
        let mut hasher = RangeHasher::new(parts);
        assert_eq!(hasher.skip_to(1000), 1000);
    }
}
