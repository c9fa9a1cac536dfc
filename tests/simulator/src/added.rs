//! A finished drive that gets a second session: what is on it, and that it stays.

use std::ops::{ControlFlow, Range};

use agent::attempt::digest;
use agent::pipeline::{Plain, Work};
use disk::MemDisk;
use ntfs_image::read::Volume;
use ntfs_image::{FileTime, Ground};
use shared::drive::{FoundVolume, Kept, NodeSource, What};
use shared::plan::{Kind, Listing, Onto};
use shared::verify::{Expected, VerifyVerdict, verify};

use crate::scenario::{SERIAL, Scenario};
use crate::sources::MemSources;

const PAGE: u64 = 4096;

/// The session that is on a drive, and how it is told to be whole.
pub(crate) struct First {
    expected: Expected,
    /// Where a further session writes nothing before its record of changes is durable.
    stays: Vec<Range<u64>>,
}

impl First {
    pub(crate) fn new(first: &Scenario, second: &Scenario, manifest_md5: [u8; 16]) -> Self {
        let layout = second.layout();
        let stays = layout
            .segments()
            .filter(|segment| segment.what == What::Outside);
        Self {
            expected: Expected {
                manifest_hash: Some(manifest_md5),
                serial: Some(SERIAL.to_owned()),
                session: Some(first.mapping.session.as_str().to_owned()),
                in_place: false,
                proven_bytes: 0,
            },
            stays: stays
                .map(|segment| segment.at..segment.at.saturating_add(segment.bytes))
                .collect(),
        }
    }

    /// Makes sure that a drive is still the one that the first session made: not a byte of what stays is another, and
    /// the verification finds it whole.
    pub(crate) fn stands(&self, scenario: &Scenario, now: &MemDisk) -> Result<(), String> {
        let before = &scenario.before;
        let differs = |range| before.first_difference(now, range);
        if let Some(at) = self.stays.iter().find_map(differs) {
            return Err(format!(
                "nothing says that the first session changes, and it did at {at:#x}"
            ));
        }
        let go_on = &mut |_| ControlFlow::Continue(());
        let report = verify(now, &scenario.credential(), &self.expected, go_on);
        if report.verdict == VerifyVerdict::Verified {
            return Ok(());
        }
        Err(format!("the first session is not whole: {report:?}"))
    }

    /// Returns the pages of what stays that the second session changes in the end.
    pub(crate) fn changed(&self, before: &MemDisk, after: &MemDisk) -> Vec<Range<u64>> {
        let mut changed = Vec::new();
        for range in &self.stays {
            let mut at = range.start;
            while let Some(from) = before.first_difference(after, &(at..range.end)) {
                // Somewhere behind, in the same 64 KiB.
                let mut page = from..from.saturating_add(PAGE).min(range.end);
                while before.first_difference(after, &page).is_none() {
                    page = page.end..page.end.saturating_add(PAGE).min(range.end);
                }
                at = page.end;
                changed.push(page);
            }
        }
        changed
    }
}

/// The files of the second session: none is called or long as one of the first.
pub(crate) fn listing() -> Listing {
    let mut listing = Listing::new();
    let mut push = |path: &str, bytes: u64, kind| {
        let modified = FileTime(133_100_000_000_000_000);
        listing.push(path, bytes, modified, kind).expect("few");
    };
    push("more", 0, Kind::Folder);
    for (number, bytes) in [0, 1, 280, 650, 4097, 20_000, 262_145, 500_003]
        .into_iter()
        .enumerate()
    {
        push(&format!("more/added {number}"), bytes, Kind::File);
    }
    push("beside", 77_777, Kind::File);
    listing
}

/// Returns the volume of a finished drive as one that stays, with what is on it.
pub(crate) fn kept(first: &Scenario, disk: &MemDisk, manifest: ([u8; 16], u64)) -> Kept {
    let sources = MemSources::new(&first.listing, &[], 0);
    let work = Work {
        layout: first.layout(),
        listing: &first.listing,
        mapping: &first.mapping,
        sources: &sources,
        cipher: first.sector_cipher().clone(),
        wipe: false,
        leg_bytes: Scenario::grain().leg_bytes,
    };
    let plain = Plain::new(&work, disk);
    let volume = Volume::open(&plain).expect("a whole volume");
    let files = || first.listing.iter().filter(|(_, entry)| !entry.is_folder);
    let found = FoundVolume::read(disk, first.sector, &first.credential());
    let mut kept = found.expect("our own volume").kept;
    kept.volume.onto = Some(Onto {
        ground: Ground::read(&volume).expect("our own volume"),
        digest: digest(&plain).expect("memory"),
        manifest_md5: manifest.0,
        manifest_bytes: manifest.1,
        files: u64::try_from(files().count()).expect("few"),
        bytes: files().map(|(_, entry)| entry.bytes).sum(),
    });
    kept
}

/// Returns where somebody reads what the first session wrote, once there is a second: not its manifest any more, and
/// not what is between the partition and the ends of the disk.
pub(crate) fn read(first: &Scenario) -> Vec<Range<u64>> {
    let layout = first.layout();
    let part = |segment: shared::drive::DriveSegment| {
        let bytes = match segment.what {
            What::FileData { file, .. } if layout.source_of(file) == NodeSource::Manifest => None,
            What::FileData { file, from } => {
                let length = layout.ntfs().tree().bytes(file).saturating_sub(from);
                Some(segment.bytes.min(length.next_multiple_of(16)))
            }
            What::Gap | What::Zeros | What::Free | What::Outside => None,
            _ => Some(segment.bytes),
        };
        bytes.map(|bytes| segment.at..segment.at.saturating_add(bytes))
    };
    layout.segments().filter_map(part).collect()
}
