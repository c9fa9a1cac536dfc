//! Mapping pairs: where the clusters of a non-resident attribute lie.
//!
//! Each pair is a byte whose low half is the length of a count and whose high half the length of an offset; both
//! follow, little-endian and signed; the offset counts from the pair before. No offset means a hole. A zero byte ends
//! the list.

use thiserror::Error;

/// Consecutive clusters of a non-resident attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First cluster on the volume; `None` in a hole.
    pub cluster: Option<u64>,
    /// Clusters, never 0.
    pub count: u64,
}

/// Mapping pairs that cannot be right.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunsError {
    /// The list has no terminating zero byte inside the attribute.
    #[error("mapping pair at offset {at:#x} of the run list leaves the attribute")]
    Cut {
        /// Offset in the list.
        at: usize,
    },
    /// A count or offset is longer than 8 bytes, or a count is missing.
    #[error("mapping pair at offset {at:#x} of the run list has the header {header:#04x}")]
    Header {
        /// Offset in the list.
        at: usize,
        /// The byte found.
        header: u8,
    },
    /// A count that is zero or negative, or a cluster below 0.
    #[error(
        "mapping pair at offset {at:#x} of the run list: {count} clusters from cluster {cluster}"
    )]
    Range {
        /// Offset in the list.
        at: usize,
        /// Clusters as stored.
        count: i64,
        /// First cluster, the offsets so far added up.
        cluster: i128,
    },
}

/// Iterates over the runs that `pairs` holds; `pairs` starts at the first pair and ends where the attribute ends.
///
/// Ends after the terminating zero byte or after the first error. Clusters are not compared with the volume's size.
#[must_use]
pub const fn decode(pairs: &[u8]) -> Runs<'_> {
    Runs {
        pairs,
        at: 0,
        cluster: 0,
        done: false,
    }
}

/// See [`decode`].
#[derive(Clone, Debug)]
pub struct Runs<'a> {
    pairs: &'a [u8],
    at: usize,
    cluster: i128,
    done: bool,
}

impl Runs<'_> {
    fn pair(&mut self) -> Result<Option<Run>, RunsError> {
        let at = self.at;
        let header = *self.pairs.get(at).ok_or(RunsError::Cut { at })?;
        if header == 0 {
            return Ok(None);
        }
        let (count_bytes, offset_bytes) = (usize::from(header & 15), usize::from(header >> 4));
        if !(1..=8).contains(&count_bytes) || offset_bytes > 8 {
            return Err(RunsError::Header { at, header });
        }
        let count_at = at.saturating_add(1);
        let offset_at = count_at.saturating_add(count_bytes);
        let end = offset_at.saturating_add(offset_bytes);
        let (Some(count), Some(offset)) = (
            self.pairs.get(count_at..offset_at),
            self.pairs.get(offset_at..end),
        ) else {
            return Err(RunsError::Cut { at });
        };
        let count = signed(count);
        self.cluster = self.cluster.saturating_add(i128::from(signed(offset)));
        let out_of_range = RunsError::Range {
            at,
            count,
            cluster: self.cluster,
        };
        let clusters = u64::try_from(count).map_err(|_| out_of_range)?;
        let first = u64::try_from(self.cluster).map_err(|_| out_of_range)?;
        if clusters == 0 {
            return Err(out_of_range);
        }
        self.at = end;
        Ok(Some(Run {
            cluster: (offset_bytes > 0).then_some(first),
            count: clusters,
        }))
    }
}

impl Iterator for Runs<'_> {
    type Item = Result<Run, RunsError>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let pair = self.pair();
        self.done = !matches!(pair, Ok(Some(_)));
        pair.transpose()
    }
}

/// Writes `runs` as mapping pairs with their terminating zero byte to the start of `into`; returns the bytes used.
///
/// # Panics
/// When `into` is too short ([`encoded_bytes`] tells) or a cluster is beyond 2^62: both are our own numbers.
pub fn encode(runs: impl IntoIterator<Item = Run>, into: &mut [u8]) -> usize {
    let mut at = 0_usize;
    let mut before = 0_i64;
    for run in runs {
        let pair = pair_bytes(run, &mut before);
        into[at..][..pair.len].copy_from_slice(&pair.bytes[..pair.len]);
        at = at.saturating_add(pair.len);
    }
    into[at] = 0;
    at.saturating_add(1)
}

/// Returns the bytes that [`encode`] writes for `runs`.
pub fn encoded_bytes(runs: impl IntoIterator<Item = Run>) -> usize {
    let mut before = 0_i64;
    runs.into_iter()
        .map(|run| pair_bytes(run, &mut before).len)
        .fold(1, usize::saturating_add)
}

struct Pair {
    bytes: [u8; 17],
    len: usize,
}

fn pair_bytes(run: Run, before: &mut i64) -> Pair {
    let signed = |number: u64| i64::try_from(number).expect("our clusters are below 2^62");
    let count = signed(run.count);
    let offset = run.cluster.map(|cluster| {
        let cluster = signed(cluster);
        cluster.saturating_sub(std::mem::replace(before, cluster))
    });
    let count_bytes = signed_bytes(count);
    let offset_bytes = offset.map_or(0, signed_bytes);
    let mut bytes = [0; 17];
    bytes[0] = u8::try_from(offset_bytes << 4 | count_bytes).expect("two numbers below 9");
    bytes[1..][..count_bytes].copy_from_slice(&count.to_le_bytes()[..count_bytes]);
    let offset_at = count_bytes.saturating_add(1);
    bytes[offset_at..][..offset_bytes]
        .copy_from_slice(&offset.unwrap_or(0).to_le_bytes()[..offset_bytes]);
    Pair {
        bytes,
        len: offset_at.saturating_add(offset_bytes),
    }
}

/// Returns the fewest bytes that hold `number` with its sign.
fn signed_bytes(number: i64) -> usize {
    (1..8_u32)
        .find(|bytes| {
            let unused = 64_u32.saturating_sub((*bytes).saturating_mul(8));
            (number << unused) >> unused == number
        })
        .map_or(8, |bytes| usize::try_from(bytes).unwrap_or(8))
}

/// Reads a little-endian signed number of up to 8 bytes.
fn signed(bytes: &[u8]) -> i64 {
    let fill = match bytes.last() {
        Some(last) if last & 0x80 != 0 => 0xff,
        _ => 0,
    };
    let mut whole = [fill; 8];
    for (place, byte) in whole.iter_mut().zip(bytes) {
        *place = *byte;
    }
    i64::from_le_bytes(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(cluster: u64, count: u64) -> Run {
        Run {
            cluster: Some(cluster),
            count,
        }
    }

    /// Source: the worked example of the Linux-NTFS documentation, "Data Runs", example 2 (fragmented file).
    #[test]
    fn the_documented_example_is_understood() {
        let pairs = [
            0x31, 0x38, 0x73, 0x25, 0x34, 0x32, 0x14, 0x01, 0xe5, 0x11, 0x02, 0x31, 0x42, 0xaa,
            0x00, 0x03, 0,
        ];
        let runs: Result<Vec<_>, _> = decode(&pairs).collect();
        let expected = vec![
            run(0x34_2573, 0x38),
            run(0x36_3758, 0x114),
            run(0x39_3802, 0x42),
        ];
        assert_eq!(runs, Ok(expected.clone()));
        let mut back = [0xee; 17];
        assert_eq!(encode(expected, &mut back), 17);
        assert_eq!(back, pairs);
    }

    #[test]
    fn a_count_of_0x80_takes_two_bytes_so_that_it_stays_positive() {
        let mut bytes = [0; 8];
        assert_eq!(encode([run(0x7f, 0x80)], &mut bytes), 5);
        assert_eq!(bytes[..5], [0x12, 0x80, 0x00, 0x7f, 0]);
    }

    #[test]
    fn a_hole_has_no_offset() {
        let hole = Run {
            cluster: None,
            count: 5,
        };
        let mut bytes = [0; 16];
        let used = encode([run(9, 1), hole, run(3, 2)], &mut bytes);
        let runs: Result<Vec<_>, _> = decode(&bytes[..used]).collect();
        assert_eq!(runs, Ok(vec![run(9, 1), hole, run(3, 2)]));
    }

    #[test]
    fn hostile_pairs_are_refused() {
        let first = |bytes: &[u8]| decode(bytes).next();
        assert_eq!(first(&[]), Some(Err(RunsError::Cut { at: 0 })));
        assert_eq!(first(&[0x21, 1, 1]), Some(Err(RunsError::Cut { at: 0 })));
        assert!(matches!(
            first(&[0x10, 1, 1]),
            Some(Err(RunsError::Header { .. }))
        ));
        assert!(matches!(
            first(&[0x11, 0, 1, 0]),
            Some(Err(RunsError::Range { .. }))
        ));
        assert!(matches!(
            first(&[0x11, 1, 0x80, 0]),
            Some(Err(RunsError::Range { .. }))
        ));
        assert_eq!(decode(&[0x10, 1, 1]).count(), 1);
    }

    proptest::proptest! {
        #[test]
        fn decode_gives_back_what_encode_took(
            list in proptest::collection::vec((proptest::option::of(0..1_u64 << 62), 1..1_u64 << 62), 0..20)
        ) {
            let runs: Vec<Run> = list.iter().map(|&(cluster, count)| Run { cluster, count }).collect();
            let mut bytes = vec![0; encoded_bytes(runs.clone())];
            let used = encode(runs.clone(), &mut bytes);
            proptest::prop_assert_eq!(used, bytes.len());
            let back: Result<Vec<_>, _> = decode(&bytes).collect();
            proptest::prop_assert_eq!(back, Ok(runs));
        }
    }
}
