//! The value of an attribute: how long it is and where its bytes are.

use thiserror::Error;

use super::file_record::{Attribute, Form};
use super::stored::bytes_of;
use super::{Extent, Place};
use crate::boot_sector::Geometry;
use crate::runs::{self, RunsError};

/// What is wrong with an attribute's clusters or sizes.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamProblem {
    /// The run list.
    #[error(transparent)]
    Runs(#[from] RunsError),
    /// Runs outside the volume.
    #[error("{count:#x} clusters from {cluster:#x} leave a volume of {clusters:#x}")]
    Outside {
        /// First cluster.
        cluster: u64,
        /// Clusters of the run.
        count: u64,
        /// Clusters of the volume.
        clusters: u64,
    },
    /// A part of the attribute is missing, or there twice.
    #[error("a part starts at cluster {found:#x} of the stream where {expected:#x} is next")]
    Gap {
        /// The cluster of the stream that is next.
        expected: u64,
        /// Where the part starts.
        found: u64,
    },
    /// The clusters of a part are not as many as its header says.
    #[error("a part has {found:#x} clusters where its header says up to {expected:#x}")]
    PartLength {
        /// After the last cluster that the header names.
        expected: u64,
        /// After the last cluster that the runs have.
        found: u64,
    },
    /// The value is longer than its clusters, or was written further than it is long.
    #[error("{initialised} bytes written of {data} in {allocated} allocated")]
    Sizes {
        /// Initialised size as stored.
        initialised: u64,
        /// Data size as stored.
        data: u64,
        /// Bytes of its clusters.
        allocated: u64,
    },
    /// A part is resident and others are there, or clusters beyond 2^63 bytes.
    #[error("its parts do not make one value")]
    Parts,
}

/// The value of an attribute, gathered from all its parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    /// Bytes of the value.
    pub(crate) bytes: u64,
    /// Covers `[0, bytes)`, ascending, gapless.
    pub(crate) extents: Vec<Extent>,
    /// All of it, when it lies in the record.
    pub(crate) resident: Vec<u8>,
    pub(crate) is_resident: bool,
}

impl Stream {
    pub(crate) fn resident(value: &[u8]) -> Self {
        let bytes = bytes_of(value.len());
        let whole = Extent {
            file_at: 0,
            bytes,
            place: Place::Resident,
        };
        Self {
            bytes,
            extents: if bytes == 0 { Vec::new() } else { vec![whole] },
            resident: value.to_vec(),
            is_resident: true,
        }
    }
}

/// Puts a value together from its parts, which must come in order.
#[derive(Debug)]
pub(crate) struct StreamBuilder<'g> {
    geometry: &'g Geometry,
    /// Bytes and initialised bytes, from the first part.
    sizes: Option<(u64, u64)>,
    next_vcn: u64,
    stream: Stream,
}

impl<'g> StreamBuilder<'g> {
    pub(crate) fn new(geometry: &'g Geometry) -> Self {
        Self {
            geometry,
            sizes: None,
            next_vcn: 0,
            stream: Stream::default(),
        }
    }

    /// Adds the next part.
    pub(crate) fn push(&mut self, part: &Attribute<'_>) -> Result<(), StreamProblem> {
        match part.form {
            Form::Resident { value, .. } => {
                if self.sizes.is_some() {
                    return Err(StreamProblem::Parts);
                }
                self.stream = Stream::resident(value);
                self.sizes = Some((self.stream.bytes, self.stream.bytes));
                Ok(())
            }
            Form::NonResident { header, pairs, .. } => {
                let lowest = header.lowest_vcn.get();
                if lowest != self.next_vcn || self.stream.is_resident {
                    return Err(StreamProblem::Gap {
                        expected: self.next_vcn,
                        found: lowest,
                    });
                }
                if self.sizes.is_none() {
                    self.sizes = Some((header.data.get(), header.initialised.get()));
                }
                for run in runs::decode(pairs) {
                    self.push_run(run?)?;
                }
                // An empty part says 0xffff_ffff_ffff_ffff; so `highest + 1` wraps to its start.
                let expected = header.highest_vcn.get().wrapping_add(1);
                if expected != self.next_vcn {
                    return Err(StreamProblem::PartLength {
                        expected,
                        found: self.next_vcn,
                    });
                }
                Ok(())
            }
        }
    }

    fn push_run(&mut self, run: runs::Run) -> Result<(), StreamProblem> {
        let cluster_bytes = self.geometry.cluster_bytes;
        let in_bytes = |clusters: u64| {
            let bytes = clusters.checked_mul(cluster_bytes);
            bytes
                .filter(|bytes| *bytes <= BYTES_MAX)
                .ok_or(StreamProblem::Parts)
        };
        let file_at = in_bytes(self.next_vcn)?;
        let next = self.next_vcn.checked_add(run.count);
        self.next_vcn = next.ok_or(StreamProblem::Parts)?;
        in_bytes(self.next_vcn)?;
        let place = match run.cluster {
            None => Place::Hole,
            Some(cluster) => {
                let end = cluster.checked_add(run.count);
                if end.is_none_or(|end| end > self.geometry.clusters) {
                    return Err(StreamProblem::Outside {
                        cluster,
                        count: run.count,
                        clusters: self.geometry.clusters,
                    });
                }
                Place::At(in_bytes(cluster)?)
            }
        };
        let bytes = in_bytes(run.count)?;
        self.stream.extents.push(Extent {
            file_at,
            bytes,
            place,
        });
        Ok(())
    }

    /// Returns the bytes of the clusters pushed, holes included.
    pub(crate) const fn allocated(&self) -> u64 {
        self.next_vcn.saturating_mul(self.geometry.cluster_bytes)
    }

    /// Returns the bytes of the clusters pushed, without holes.
    pub(crate) fn on_disk(&self) -> u64 {
        let extents = self.stream.extents.iter();
        let on_disk = extents.filter(|extent| matches!(extent.place, Place::At(_)));
        on_disk.fold(0, |sum, extent| sum.saturating_add(extent.bytes))
    }

    /// Returns as much of the value as was pushed, or `None` if that is nothing: what of $MFT can be read already.
    pub(crate) fn finish_part(mut self) -> Option<Stream> {
        let (data, initialised) = self.sizes?;
        if !self.stream.is_resident {
            let mapped = self.next_vcn.saturating_mul(self.geometry.cluster_bytes);
            self.stream.bytes = data.min(mapped);
            self.stream.extents = clip(&self.stream.extents, self.stream.bytes, initialised);
        }
        Some(self.stream)
    }

    /// Returns the value, or `None` if no part was pushed.
    pub(crate) fn finish(mut self) -> Result<Option<Stream>, StreamProblem> {
        let Some((data, initialised)) = self.sizes else {
            return Ok(None);
        };
        if self.stream.is_resident {
            return Ok(Some(self.stream));
        }
        let allocated = self.next_vcn.saturating_mul(self.geometry.cluster_bytes);
        if data > allocated || initialised > data {
            return Err(StreamProblem::Sizes {
                initialised,
                data,
                allocated,
            });
        }
        self.stream.bytes = data;
        self.stream.extents = clip(&self.stream.extents, data, initialised);
        Ok(Some(self.stream))
    }
}

/// Cuts the extents at the stream's end, says what was never written, and joins what lies together.
fn clip(extents: &[Extent], data: u64, initialised: u64) -> Vec<Extent> {
    let mut clipped: Vec<Extent> = Vec::with_capacity(extents.len());
    for extent in extents {
        let end = extent.file_at.saturating_add(extent.bytes).min(data);
        let written_end = end.min(initialised).max(extent.file_at);
        let written = written_end.saturating_sub(extent.file_at);
        let unwritten = end.saturating_sub(written_end);
        let beyond = match extent.place {
            Place::Hole => Place::Hole,
            _ => Place::BeyondInitialised,
        };
        push_joined(&mut clipped, extent.file_at, written, extent.place);
        push_joined(&mut clipped, written_end, unwritten, beyond);
    }
    clipped
}

fn push_joined(extents: &mut Vec<Extent>, file_at: u64, bytes: u64, place: Place) {
    if bytes == 0 {
        return;
    }
    if let Some(last) = extents.last_mut() {
        let follows = match (last.place, place) {
            (Place::At(before), Place::At(at)) => before.checked_add(last.bytes) == Some(at),
            (before, place) => before == place,
        };
        if follows {
            last.bytes = last.bytes.saturating_add(bytes);
            return;
        }
    }
    extents.push(Extent {
        file_at,
        bytes,
        place,
    });
}

/// NTFS counts bytes in signed 64-bit numbers.
const BYTES_MAX: u64 = u64::MAX >> 1;

#[cfg(test)]
mod tests {
    use super::*;

    const fn extent(file_at: u64, bytes: u64, place: Place) -> Extent {
        Extent {
            file_at,
            bytes,
            place,
        }
    }

    #[test]
    fn extents_end_with_the_data_and_say_what_was_never_written() {
        let runs = [
            extent(0, 8192, Place::At(4096)),
            extent(8192, 4096, Place::Hole),
            extent(12_288, 8192, Place::At(40_960)),
        ];
        assert_eq!(
            clip(&runs, 15_000, 5000),
            [
                extent(0, 5000, Place::At(4096)),
                extent(5000, 3192, Place::BeyondInitialised),
                extent(8192, 4096, Place::Hole),
                extent(12_288, 2712, Place::BeyondInitialised),
            ]
        );
        assert_eq!(clip(&runs, 0, 0), []);
    }

    #[test]
    fn runs_that_follow_each_other_are_one_extent() {
        let runs = [
            extent(0, 4096, Place::At(4096)),
            extent(4096, 4096, Place::At(8192)),
            extent(8192, 4096, Place::Hole),
            extent(12_288, 4096, Place::Hole),
        ];
        assert_eq!(
            clip(&runs, 16_384, 16_384),
            [
                extent(0, 8192, Place::At(4096)),
                extent(8192, 8192, Place::Hole)
            ]
        );
    }
}
