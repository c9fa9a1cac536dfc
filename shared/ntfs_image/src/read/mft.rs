//! $MFT: where each record is.

use disk::{ReadAt, ReadError};

use super::cache::DiskCache;
use super::file_record::{FileRecord, RecordProblem};
use super::gather::{self, Gathered};
use super::stored::{bytes_of, place};
use super::stream::{Stream, StreamBuilder, StreamProblem};
use super::{Place, VolumeError};
use crate::attribute::kind;
use crate::boot_sector::Geometry;
use crate::record::number;

/// $MFT and the cache that its records come through.
#[derive(Debug)]
pub(crate) struct Mft {
    pub(crate) geometry: Geometry,
    pub(crate) cache: DiskCache,
    /// The records.
    pub(crate) data: Stream,
}

impl Mft {
    /// Finds all of $MFT from its first cluster.
    pub(crate) fn open<R: ReadAt + ?Sized>(
        disk: &R,
        geometry: Geometry,
    ) -> Result<Self, VolumeError> {
        let mut mft = Self {
            geometry,
            cache: DiskCache::new(),
            data: Stream::default(),
        };
        let mut bytes = vec![0; place(geometry.record_bytes)];
        // In range: the cluster was compared with the volume's, whose bytes fit in 64 bits.
        let at = geometry.mft_cluster.saturating_mul(geometry.cluster_bytes);
        mft.cache.read(disk, at, &mut bytes)?;
        let base = FileRecord::parse(number::MFT, bytes)
            .map_err(|problem| VolumeError::record(number::MFT, problem))?;
        mft.data = mft.first_part(&base)?;
        if let Some(list) = gather::attribute_list(disk, &mft, &base)? {
            mft.add_parts(disk, base, &list)?;
        }
        if mft.data.is_resident {
            return Err(mft.stream_error(StreamProblem::Parts));
        }
        let volume_bytes = geometry.clusters.saturating_mul(geometry.cluster_bytes);
        if mft.data.bytes > volume_bytes {
            return Err(VolumeError::MftLength {
                bytes: mft.data.bytes,
                volume_bytes,
            });
        }
        Ok(mft)
    }

    /// Returns the part of $MFT that record 0 itself knows.
    fn first_part(&self, base: &FileRecord) -> Result<Stream, VolumeError> {
        let mut builder = StreamBuilder::new(&self.geometry);
        for attribute in base.attributes() {
            let attribute =
                attribute.map_err(|problem| VolumeError::record(number::MFT, problem))?;
            if attribute.is(kind::DATA, "") {
                builder
                    .push(&attribute)
                    .map_err(|problem| self.stream_error(problem))?;
            }
        }
        let part = builder.finish_part();
        part.ok_or_else(|| self.stream_error(StreamProblem::Parts))
    }

    /// Adds the parts that other records know. Each lies in a part that came before it.
    fn add_parts<R: ReadAt + ?Sized>(
        &mut self,
        disk: &R,
        base: FileRecord,
        list: &[u8],
    ) -> Result<(), VolumeError> {
        let mut gathered = Gathered::alone(base);
        for record in gather::extension_records(number::MFT, list, Some(kind::DATA))? {
            gathered.add(disk, self, record)?;
            let mut builder = StreamBuilder::new(&self.geometry);
            for part in gathered.parts(kind::DATA, "")? {
                builder
                    .push(&part)
                    .map_err(|problem| self.stream_error(problem))?;
            }
            if let Some(data) = builder.finish_part() {
                self.data = data;
            }
        }
        let whole = gathered.stream(&self.geometry, kind::DATA, "")?;
        self.data = whole.ok_or_else(|| self.stream_error(StreamProblem::Parts))?;
        Ok(())
    }

    fn stream_error(&self, problem: StreamProblem) -> VolumeError {
        VolumeError::stream(number::MFT, kind::DATA, "", problem)
    }

    /// Returns how many records there are.
    pub(crate) fn records(&self) -> u64 {
        // A record has at least 512 bytes: see `BootSector::geometry`.
        self.data
            .bytes
            .checked_div(self.geometry.record_bytes)
            .unwrap_or(0)
    }

    /// Reads record `number`, whether it is in use or not.
    pub(crate) fn record<R: ReadAt + ?Sized>(
        &self,
        disk: &R,
        number: u64,
    ) -> Result<FileRecord, VolumeError> {
        if number >= self.records() {
            return Err(VolumeError::NoSuchRecord {
                record: number,
                records: self.records(),
            });
        }
        let mut bytes = vec![0; place(self.geometry.record_bytes)];
        let at = number.saturating_mul(self.geometry.record_bytes);
        self.read(disk, &self.data, at, &mut bytes)?;
        FileRecord::parse(number, bytes)
            .map_err(|problem: RecordProblem| VolumeError::record(number, problem))
    }

    /// Fills `into` from `stream`, which must hold the range, through the cache.
    pub(crate) fn read<R: ReadAt + ?Sized>(
        &self,
        disk: &R,
        stream: &Stream,
        at: u64,
        into: &mut [u8],
    ) -> Result<(), ReadError> {
        let cache = &self.cache;
        read_stream(stream, at, into, |at, into| cache.read(disk, at, into))
    }
}

/// Fills `into` from `stream`; `disk` reads what lies on the disk. Bytes past the end are zeros.
pub(crate) fn read_stream(
    stream: &Stream,
    at: u64,
    into: &mut [u8],
    mut disk: impl FnMut(u64, &mut [u8]) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let extents = &stream.extents;
    let first = extents.partition_point(|e| e.file_at.saturating_add(e.bytes) <= at);
    let mut at = at;
    let mut rest = into;
    for extent in extents.get(first..).unwrap_or_default() {
        if rest.is_empty() {
            break;
        }
        let within = at.saturating_sub(extent.file_at);
        let count = place(extent.bytes.saturating_sub(within)).min(rest.len());
        let (now, later) = rest.split_at_mut(count);
        match extent.place {
            Place::At(start) => disk(start.saturating_add(within), now)?,
            Place::Hole | Place::BeyondInitialised => now.fill(0),
            Place::Resident => {
                let held = stream.resident.get(place(within)..);
                let held = held.and_then(|held| held.get(..count));
                now.copy_from_slice(held.unwrap_or_default());
            }
        }
        at = at.saturating_add(bytes_of(count));
        rest = later;
    }
    rest.fill(0);
    Ok(())
}
