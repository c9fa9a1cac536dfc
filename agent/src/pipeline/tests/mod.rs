//! The pass over a drive in memory: what it writes is proven by `shared::verify`, and when it may
//! be marked by the order of its writes and flushes.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of small drives of our own"
)]

mod blobs;

use std::fs;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitlocker_image::{
    Cipher, Credential, Protectors, Secrets, SectorCipher, VolumeSpec, seal as seal_volume,
};
use disk::{MemDisk, ReadAt, ReadError, SectorSize, WriteAt, WriteError};
use ntfs_image::{FileTime, Node};
use shared::api::Limit;
use shared::drive::{DriveIds, DriveLayout, DriveSpec, What};
use shared::job::LeftOutReason;
use shared::journal::Marks as Spacing;
use shared::plan::{Kind, Listing, Mapping, Space};
use shared::verify::{Expected, VerifyVerdict, verify};

use super::*;
use crate::device::Device;
use crate::scan::{OpenSourceError, ScanOptions, SourceRoot, scan};
use crate::shelf::Shelves;

const DISK_BYTES: u64 = 300 << 20;

/// What happened to a drive, in order.
#[derive(Debug, PartialEq, Eq)]
enum Act {
    Write { end: u64 },
    Flush,
    Mark { through: u64, hashes: usize },
}

/// A drive in memory that writes down what happens to it, and fails when told to.
struct Logged {
    disk: MemDisk,
    log: Arc<Mutex<Vec<Act>>>,
    /// Acts that succeed before the drive dies.
    lives: usize,
    /// How long each write takes.
    nap: Duration,
}

impl Logged {
    fn act(&mut self, act: Act) -> Result<(), WriteError> {
        if self.lives == 0 {
            let cause = "the drive died".to_owned();
            return Err(WriteError {
                at: 0,
                bytes: 0,
                cause,
            });
        }
        self.lives -= 1;
        self.log.lock().expect("nobody panicked").push(act);
        Ok(())
    }
}

impl ReadAt for Logged {
    fn bytes(&self) -> u64 {
        self.disk.bytes()
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.disk.read_at(at, into)
    }
}

impl WriteAt for Logged {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), WriteError> {
        let end = at + u64::try_from(bytes.len()).expect("short");
        std::thread::sleep(self.nap);
        self.act(Act::Write { end })?;
        self.disk.write_at(at, bytes)
    }
    fn flush(&mut self) -> Result<(), WriteError> {
        self.act(Act::Flush)
    }
}

impl Device for Logged {
    fn sector(&self) -> SectorSize {
        SectorSize::B512
    }
    fn zero(&mut self, _: u64, _: u64) -> Result<(), WriteError> {
        Ok(())
    }
    fn discard(&mut self, _: u64, _: u64) -> Result<bool, WriteError> {
        Ok(false)
    }
}

/// Sources that take their time.
struct Slow<'a>(&'a Sources, Duration);

impl SourceFiles for Slow<'_> {
    fn open(&self, path: &str) -> Result<Box<dyn SourceRead>, OpenSourceError> {
        std::thread::sleep(self.1);
        self.0.open(path)
    }
    fn metadata(&self, number: u32) -> Option<&[u8]> {
        self.0.metadata(number)
    }
    fn properties(&self, number: u32) -> Option<&[u8]> {
        self.0.properties(number)
    }
}

/// Marks that go into a side file and the drive's log.
struct Noted {
    side: SideFile,
    log: Arc<Mutex<Vec<Act>>>,
}

impl Marks for Noted {
    fn left_out(&mut self, _: &[(Node, LeftOutReason)]) -> Result<(), PipelineError> {
        Ok(())
    }
    fn durable(&mut self, through: u64, hashes: &[[u8; 16]]) -> Result<(), PipelineError> {
        self.side.append_hashes(hashes)?;
        self.side.sync()?;
        self.log.lock().expect("nobody panicked").push(Act::Mark {
            through,
            hashes: hashes.len(),
        });
        Ok(())
    }
}

/// Sources, listing, and everything a pass needs.
struct Ground {
    folder: tempfile::TempDir,
    listing: Listing,
    mapping: Mapping,
    sources: Sources,
    secrets: Secrets,
    threads: rayon::ThreadPool,
}

fn ground() -> Ground {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = folder.path().join("source");
    fs::create_dir(&source).expect("new");
    for number in 0..30_usize {
        let content: Vec<u8> = (0..number * 37).map(|byte| byte.to_le_bytes()[0]).collect();
        fs::write(source.join(format!("small {number}")), content).expect("new");
    }
    for number in 0..4_u8 {
        fs::write(
            source.join(format!("large {number}")),
            vec![number + 1; (33 << 20) + 17],
        )
        .expect("new");
    }
    let report = scan(&source, &ScanOptions::default()).expect("a folder");
    let mut listing = Listing::new();
    for entry in report.entries.iter() {
        let modified = FileTime::from_unix(entry.modified_seconds, entry.modified_nanoseconds);
        listing
            .push(&entry.path(), entry.bytes, modified, Kind::File)
            .expect("few");
    }
    let session = "tested".parse().expect("a session");
    let destination = "film/".parse().expect("a container");
    let mut next = 0_u8;
    let secrets = Secrets::from_random(Cipher::XtsAes128, &Protectors::default(), &mut |bytes| {
        for byte in bytes {
            next = next.wrapping_mul(5).wrapping_add(17);
            *byte = next;
        }
    });
    let root = SourceRoot::open(&report.root).expect("a folder");
    let target = SourceTarget {
        root,
        metadata: None,
        properties: None,
    };
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(3)
        .build()
        .expect("threads");
    Ground {
        listing,
        mapping: Mapping::of_source(session, destination),
        sources: Sources {
            targets: vec![target],
            numbered: false,
        },
        secrets,
        threads,
        folder,
    }
}

impl Ground {
    fn work(&self) -> Work<'_> {
        let spec = DriveSpec {
            disk_bytes: DISK_BYTES,
            sector: SectorSize::B512,
            cipher: Cipher::XtsAes128,
            serial: "MEMORY".to_owned(),
            label: "tested".to_owned(),
            started: FileTime(134_000_000_000_000_000),
            ids: DriveIds::derive(&self.secrets.volume_master_key),
            kept: None,
        };
        let entries: Vec<u32> = (0..self.listing.len()).collect();
        let layout =
            DriveLayout::new(spec, &self.listing, &entries, &self.mapping).expect("it fits");
        let cipher = SectorCipher::new(
            Cipher::XtsAes128,
            &self.secrets.volume_key,
            SectorSize::B512,
        );
        Work {
            layout,
            listing: &self.listing,
            mapping: &self.mapping,
            sources: &self.sources,
            cipher: cipher.expect("a key of the right length"),
            wipe: false,
            leg_bytes: LEG_BYTES,
        }
    }

    fn shelves(&self) -> Shelves {
        Shelves::of_folders(&[self.folder.path().to_owned()])
    }

    fn marks(&self, log: &Arc<Mutex<Vec<Act>>>, name: &str) -> Noted {
        let side = SideFile::create(&self.shelves(), name, "tested MEMORY", &vec![0; 65_536])
            .expect("new");
        Noted {
            side,
            log: Arc::clone(log),
        }
    }

    /// Fills a drive that lives for `lives` acts, a mark wherever the spacing of a tiny drive has
    /// one.
    fn fill(&self, lives: usize, name: &str) -> (Logged, Noted, Result<Filled, PipelineError>) {
        let work = self.work();
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut device = Logged {
            disk: MemDisk::new(DISK_BYTES),
            log: Arc::clone(&log),
            lives,
            nap: Duration::ZERO,
        };
        let mut marks = self.marks(&log, name);
        let (meter, cancel) = (Meter::default(), Cancel::default());
        let spacing = Spacing::new(DISK_BYTES, 0);
        let filled = fill(
            &work,
            &mut device,
            &self.threads,
            &mut marks,
            Start::new(spacing),
            &meter,
            &cancel,
        );
        if filled.is_ok() {
            assert_eq!(meter.bytes(), total_bytes(&work));
        }
        (device, marks, filled)
    }
}

#[test]
fn a_drive_filled_in_memory_is_proven_by_the_verification() {
    let ground = ground();
    let (mut device, _, filled) = ground.fill(usize::MAX, "whole.side");
    let work = ground.work();
    let filled = filled.expect("a drive that lives");
    assert!(filled.left_out.is_empty());
    let index = HashIndex::new(&work);
    let hashes = SideReader::open(&ground.shelves(), "whole.side").expect("just written");
    let manifest = write_manifest(&work, &mut device, &hashes, &index, &|_| false)
        .expect("a drive that lives");
    assert_eq!(manifest.files, 34);
    let change = work
        .layout
        .mend(&|_| false, manifest.bytes)
        .expect("as planned");
    mend(&work, &mut device, &change).expect("a drive that lives");
    let space = Space::new(DISK_BYTES, SectorSize::B512).expect("large enough");
    let spec = VolumeSpec {
        volume_bytes: space.volume_bytes(),
        sector: SectorSize::B512,
        cipher: Cipher::XtsAes128,
        regions: space.regions,
        created: 134_000_000_000_000_000,
        description: "tested".to_owned(),
    };
    let sealed = seal_volume(&spec, &ground.secrets).expect("a right specification");
    seal(
        &mut device,
        &work.layout.seal_parts(&sealed.information_area),
    )
    .expect("a drive that lives");
    let credential = Credential::RecoveryPassword(sealed.recovery_password);
    let expected = Expected {
        manifest_hash: Some(manifest.md5),
        ..Expected::default()
    };
    let report = verify(&device.disk, &credential, &expected, &mut |_| {
        ControlFlow::Continue(())
    });
    assert_eq!(
        (report.verdict, report.files),
        (VerifyVerdict::Verified, 34),
        "{:?}",
        report.findings
    );
}

#[test]
fn writes_ascend_and_a_mark_comes_after_the_flush_of_all_before_it() {
    let ground = ground();
    let (device, _, filled) = ground.fill(usize::MAX, "marks.side");
    filled.expect("a drive that lives");
    let log = device.log.lock().expect("nobody panicked");
    let (mut written, mut flushed, mut hashes) = (0, 0, 0);
    for act in log.iter() {
        match act {
            Act::Write { end } => {
                assert!(*end > written, "{end} after {written}");
                written = *end;
            }
            Act::Flush => flushed = written,
            Act::Mark {
                through,
                hashes: more,
            } => {
                assert_eq!(*through, flushed);
                hashes += more;
            }
        }
    }
    assert!(matches!(log.last(), Some(Act::Mark { .. })));
    // 29 small files with content, and nine blocks of each large one.
    assert_eq!(hashes, 29 + 4 * 9);
}

#[test]
fn a_drive_that_dies_at_any_moment_stops_the_pass_and_is_marked_no_further() {
    let ground = ground();
    let (device, _, _) = ground.fill(usize::MAX, "alive.side");
    let acts = device
        .log
        .lock()
        .expect("nobody panicked")
        .iter()
        .filter(|act| !matches!(act, Act::Mark { .. }))
        .count();
    for lives in 0..acts {
        let (device, _, filled) = ground.fill(lives, &format!("dies-{lives}.side"));
        assert!(
            matches!(filled, Err(PipelineError::DriveWrite(_))),
            "after {lives} acts"
        );
        assert!(
            !device
                .log
                .lock()
                .expect("nobody panicked")
                .iter()
                .any(|act| matches!(act, Act::Mark { .. })),
            "after {lives} acts"
        );
    }
}

#[test]
fn a_wish_to_stop_ends_the_pass_with_what_was_written_marked() {
    let ground = ground();
    let work = ground.work();
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut device = Logged {
        disk: MemDisk::new(DISK_BYTES),
        log: Arc::clone(&log),
        lives: usize::MAX,
        nap: Duration::ZERO,
    };
    let mut marks = ground.marks(&log, "stop.side");
    let (meter, cancel) = (Meter::default(), Cancel::default());
    cancel.cancel();
    let spacing = Spacing::new(DISK_BYTES, 0);
    let filled = fill(
        &work,
        &mut device,
        &ground.threads,
        &mut marks,
        Start::new(spacing),
        &meter,
        &cancel,
    );
    assert!(matches!(filled, Err(PipelineError::Cancelled)));
    assert!(log.lock().expect("nobody panicked").is_empty());
}

/// Where a mark cuts the second block of a large file: the segment's place, and the mark's.
fn cut(work: &Work<'_>) -> (Node, u64, u64) {
    let large = work
        .layout
        .segments()
        .find_map(|segment| match segment.what {
            What::FileData { file, from: 0 } if segment.bytes > 8 << 20 => Some((file, segment.at)),
            _ => None,
        });
    let (file, at) = large.expect("a large file");
    (file, at, at + (4 << 20) + (1 << 20))
}

#[test]
fn a_part_of_a_block_that_the_drive_lost_or_its_source_changed_is_never_hashed_as_right() {
    let ground = ground();
    let (device, marks, filled) = ground.fill(usize::MAX, "cut.side");
    filled.expect("a drive that lives");
    let work = ground.work();
    let (file, at, through) = cut(&work);
    let start = Start {
        through,
        hashed: marks.side.hashes(),
        hashes: Some(SideReader::open(&ground.shelves(), "cut.side").expect("just written")),
        ..Start::new(Spacing::new(DISK_BYTES, 0))
    };
    let gone = |disk: &MemDisk| start.hasher(&work, disk).map(|(_, gone)| gone);
    assert!(matches!(gone(&device.disk), Ok(None)));
    let lost = at + (4 << 20);
    let mut disk = device.disk.clone();
    disk.write_at(lost + 512, &[0; 512]).expect("in bounds");
    let found = gone(&disk);
    assert!(
        matches!(found, Err(PipelineError::Forgot { at }) if at == lost),
        "{found:?}"
    );
    // A whole block is proven by its hash alone, and only a Content-MD5 needs it.
    let mut disk = device.disk.clone();
    disk.write_at(at, &[0; 512]).expect("in bounds");
    assert!(matches!(gone(&disk), Ok(None)));
    let entry = work.layout.entry_of(file).expect("a file of the source");
    let path = work.listing.entry(entry).path.to_string();
    fs::remove_file(ground.folder.path().join("source").join(path)).expect("it was there");
    let found = gone(&device.disk);
    assert!(
        matches!(found, Ok(Some((node, LeftOutReason::Vanished))) if node == file),
        "{found:?}"
    );
}

#[test]
fn a_whole_block_that_the_drive_lost_is_never_part_of_a_content_md5() {
    let mut ground = ground();
    ground.mapping.content_md5 = true;
    let (device, marks, filled) = ground.fill(usize::MAX, "cut.side");
    filled.expect("a drive that lives");
    let work = ground.work();
    let (_, at, through) = cut(&work);
    let start = Start {
        through,
        hashed: marks.side.hashes(),
        hashes: Some(SideReader::open(&ground.shelves(), "cut.side").expect("just written")),
        ..Start::new(Spacing::new(DISK_BYTES, 0))
    };
    assert!(start.hasher(&work, &device.disk).is_ok());
    let mut disk = device.disk.clone();
    disk.write_at(at, &[0; 512]).expect("in bounds");
    let found = start.hasher(&work, &disk).map(drop);
    assert!(
        matches!(found, Err(PipelineError::Forgot { at: found }) if found == at),
        "{found:?}"
    );
}

#[test]
fn a_pass_names_what_it_waited_for() {
    let ground = ground();
    for (source, drive, limit) in [(300, 0, Limit::Source), (0, 800, Limit::Drive)] {
        let sources = Slow(&ground.sources, Duration::from_millis(source));
        let mut work = ground.work();
        work.sources = &sources;
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut device = Logged {
            disk: MemDisk::new(DISK_BYTES),
            log: Arc::clone(&log),
            lives: usize::MAX,
            nap: Duration::from_millis(drive),
        };
        let mut marks = ground.marks(&log, &format!("{source}.side"));
        let (meter, cancel) = (Meter::default(), Cancel::default());
        let start = Start::new(Spacing::new(DISK_BYTES, 0));
        fill(
            &work,
            &mut device,
            &ground.threads,
            &mut marks,
            start,
            &meter,
            &cancel,
        )
        .expect("a drive that lives");
        let pace = meter.watch().pace();
        assert_eq!(pace.limit(), Some(limit), "{pace:?}");
        assert_eq!((pace.bytes, pace.files), (meter.bytes(), 34));
        assert!(
            pace.words()
                .is_some_and(|words| words.contains(limit.name())),
            "{pace:?}"
        );
    }
}
