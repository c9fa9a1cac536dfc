//! The order of a check, and what its parts share.

use std::collections::BTreeSet;
use std::rc::Rc;

use disk::ReadAt;

use super::FindingKind as Kind;
use super::clusters::{Clusters, bitmap_bytes, set_bits_from};
use super::place::RecordPlace;
use super::reader::Sequential;
use super::record_table::RecordTable;
use super::report::{CheckReport, Reporter};
use super::{boot, linkage, records, secure, system};
use crate::attribute::kind;
use crate::boot_sector::Geometry;
use crate::read::gather::Gathered;
use crate::read::stored::place;
use crate::read::stream::Stream;
use crate::read::up_case::UpCase;
use crate::read::{FileId, OpenError, Volume, VolumeError};
use crate::record::number;

/// Checks the volume on `disk`; reads metadata only, $MFT once from start to end.
///
/// Memory: 24 bytes for each MFT record and at most one bit for each cluster (next to nothing where files are in one
/// piece). At most `findings_max` findings and as many notes are kept.
///
/// # Errors
/// [`OpenError`] when `disk` is not an NTFS volume or $MFT cannot be read at all. Whatever else is wrong is a finding.
pub fn check(disk: &dyn ReadAt, findings_max: usize) -> Result<CheckReport, OpenError> {
    let volume = Volume::open(disk)?;
    let mut checker = Checker::new(disk, volume, findings_max);
    boot::check(&mut checker);
    checker.load_up_case();
    records::check_all(&mut checker);
    system::check(&mut checker);
    secure::check(&mut checker);
    checker.check_bitmaps();
    linkage::check(&mut checker);
    let mut report = checker.reporter.report;
    report.used_clusters = checker.clusters.used();
    Ok(report)
}

/// What the parts of a check share.
pub(super) struct Checker<'d> {
    pub(super) disk: &'d dyn ReadAt,
    pub(super) volume: Volume<&'d dyn ReadAt>,
    pub(super) reporter: Reporter,
    pub(super) table: RecordTable,
    pub(super) clusters: Clusters,
    pub(super) up_case: Rc<UpCase>,
    /// Security descriptors that files refer to.
    pub(super) security_ids: BTreeSet<u32>,
    /// Index blocks that honest indexes may still have.
    pub(super) blocks_left: u64,
    /// Names of $Extend's children that were seen.
    pub(super) extend_children: BTreeSet<String>,
}

impl<'d> Checker<'d> {
    fn new(disk: &'d dyn ReadAt, volume: Volume<&'d dyn ReadAt>, findings_max: usize) -> Self {
        let clusters = Clusters::new(volume.geometry().clusters);
        Self {
            disk,
            volume,
            reporter: Reporter::new(findings_max),
            table: RecordTable::default(),
            clusters,
            up_case: Rc::new(UpCase::windows()),
            security_ids: BTreeSet::new(),
            blocks_left: disk.bytes() / 512,
            extend_children: BTreeSet::new(),
        }
    }

    pub(super) const fn geometry(&self) -> &Geometry {
        self.volume.geometry()
    }

    /// Reads all records of one of NTFS's own files; says so if that cannot be done.
    pub(super) fn system_file(&mut self, record: u64) -> Option<Gathered> {
        let id = FileId {
            record,
            sequence: 0,
        };
        match self.volume.gather(id) {
            Ok(gathered) => Some(gathered),
            Err(error) => {
                self.volume_error(record, &error);
                None
            }
        }
    }

    /// Returns the value of an attribute; says so if there is none.
    pub(super) fn stream(&mut self, file: &Gathered, kind: u32, name: &str) -> Option<Stream> {
        let record = file.base().number;
        match file.stream(self.geometry(), kind, name) {
            Ok(Some(stream)) => Some(stream),
            Ok(None) => {
                let place = RecordPlace::named(record, kind, name);
                let rule = if kind == kind::DATA {
                    Kind::UnnamedData
                } else {
                    Kind::AttributeType
                };
                self.reporter
                    .violation(rule, place, "this attribute", "none");
                None
            }
            // Said when the record was checked.
            Err(_) => None,
        }
    }

    /// Reads a whole stream that must not be longer than `bytes_max`.
    pub(super) fn content(
        &mut self,
        record: u64,
        stream: &Stream,
        bytes_max: u64,
    ) -> Option<Vec<u8>> {
        if stream.bytes > bytes_max {
            let expected = format!("{bytes_max} bytes at most");
            let at = RecordPlace::record(record);
            self.reporter
                .violation(Kind::SizeOrder, at, expected, stream.bytes);
            return None;
        }
        let length = place(stream.bytes);
        let mut reader = Sequential::new(self.disk, stream);
        match reader.get(0, length) {
            Ok(bytes) => Some(bytes.to_vec()),
            Err(error) => {
                let at = RecordPlace::record(record);
                self.reporter
                    .violation(Kind::Unreadable, at, "its data", error);
                None
            }
        }
    }

    /// Says what could not be had, under the rule that it breaks.
    pub(super) fn volume_error(&mut self, record: u64, error: &VolumeError) {
        let kind = match error {
            VolumeError::Read(_) | VolumeError::NoSuchRecord { .. } => Kind::Unreadable,
            VolumeError::Stale { .. } => Kind::RecordUse,
            VolumeError::List { .. } | VolumeError::ListTooLong { .. } => Kind::AttributeList,
            VolumeError::Extension { .. } => Kind::ExtensionRecord,
            VolumeError::Stream { problem, .. } => super::streams::problem_kind(problem),
            VolumeError::Record { record: other, .. } if *other != record => Kind::ExtensionRecord,
            VolumeError::Index { problem, .. } => super::index::problem_kind(problem),
            _ => Kind::RecordMagic,
        };
        let place = RecordPlace::record(record);
        self.reporter.violation(kind, place, "a sound file", error);
    }

    /// Takes the volume's own table of upper case, without which names cannot be compared.
    fn load_up_case(&mut self) {
        let Some(file) = self.system_file(number::UPCASE) else {
            return;
        };
        let Some(data) = self.stream(&file, kind::DATA, "") else {
            return;
        };
        if data.bytes != UpCase::BYTES {
            let place = RecordPlace::named(number::UPCASE, kind::DATA, "");
            let expected = format!("{} bytes", UpCase::BYTES);
            self.reporter
                .violation(Kind::UpCaseLength, place, expected, data.bytes);
            return;
        }
        let content = self.content(number::UPCASE, &data, UpCase::BYTES);
        let Some(content) = content else {
            return;
        };
        self.up_case = Rc::new(UpCase::new(&content));
        system::check_up_case(self, &file, &content);
    }

    /// Compares $Bitmap and $MFT's bitmap with what was found.
    fn check_bitmaps(&mut self) {
        self.check_mft_bitmap();
        let Some(file) = self.system_file(number::BITMAP) else {
            return;
        };
        let Some(bitmap) = self.stream(&file, kind::DATA, "") else {
            return;
        };
        let place = || RecordPlace::named(number::BITMAP, kind::DATA, "");
        if bitmap.is_resident {
            self.reporter.violation(
                Kind::BitmapResident,
                place(),
                "$Bitmap in clusters",
                "in its record",
            );
        }
        let needed = bitmap_bytes(self.geometry().clusters);
        let found = format!("{} bytes", bitmap.bytes);
        if bitmap.bytes < self.geometry().clusters.div_ceil(8) {
            let expected = format!("{needed} bytes");
            self.reporter
                .violation(Kind::BitmapLength, place(), expected, found);
        } else if bitmap.bytes != needed {
            self.reporter.note(
                Kind::BitmapLength,
                place(),
                format!("{needed} bytes"),
                found,
            );
        }
        let mut bits = Sequential::new(self.disk, &bitmap);
        if let Err(error) = self.clusters.compare(&mut bits, &mut self.reporter) {
            self.reporter
                .violation(Kind::Unreadable, place(), "$Bitmap", error);
        }
    }

    fn check_mft_bitmap(&mut self) {
        let Some(file) = self.system_file(number::MFT) else {
            return;
        };
        let Some(bitmap) = self.stream(&file, kind::BITMAP, "") else {
            return;
        };
        let place = || RecordPlace::named(number::MFT, kind::BITMAP, "");
        let records = self.volume.mft().records();
        if bitmap.bytes < records.div_ceil(8) {
            let expected = format!("bits for {records} records");
            let found = format!("{} bytes", bitmap.bytes);
            self.reporter
                .violation(Kind::MftBitmapLength, place(), expected, found);
        }
        let mut bits = Sequential::new(self.disk, &bitmap);
        for bit in set_bits_from(&mut bits, records).unwrap_or_default() {
            let expected = format!("0 past the last record ({records})");
            let found = format!("bit {bit} 1");
            self.reporter
                .violation(Kind::MftBitmapTail, place(), expected, found);
        }
    }
}
