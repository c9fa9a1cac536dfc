//! What is put onto which drive.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use agent::attempt::{DriveJob, DriveKeys, Grain};
use agent::device::{Contents, Edges};
use agent::pipeline::SurfaceCheck;
use bitlocker_image::{
    Cipher, Credential, Protectors, Secrets, SectorCipher, VolumeSpec, seal, stretched,
};
use disk::{MemDisk, SectorSize, WriteAt};
use ntfs_image::FileTime;
use shared::api::FreeSpace;
use shared::drive::{DriveIds, DriveLayout, DriveSpec, FoundVolume, Kept, NodeSource, What};
use shared::job::{DriveIdentity, Moment, SerialSource};
use shared::mhl::Creator;
use shared::plan::{Kind, Listing, Mapping, PlannedDrive, Space};

use crate::added::{self, First};
use crate::encrypted;
use crate::rng::Rng;

const DISK_BYTES: u64 = 64 << 20;
/// Its last 64 KiB.
const LAST: u64 = (64 << 20) - (64 << 10);
/// The one start time of all scenarios.
pub(crate) const STARTED: Moment = Moment(1_790_000_000_000);

/// One drive and what goes onto it, with everything that takes long done once.
pub struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) listing: Listing,
    pub(crate) mapping: Mapping,
    pub(crate) cipher: Cipher,
    pub(crate) sector: SectorSize,
    pub(crate) check: SurfaceCheck,
    pub(crate) free_space: FreeSpace,
    pub(crate) before: MemDisk,
    keys: Keys,
    /// Where a finished drive is compared.
    pub(crate) compared: Vec<Range<u64>>,
    /// The same without what lies behind the end of files in their last clusters, and with what a range belongs to: where a
    /// file is left out, its place is free.
    read: Vec<(Range<u64>, Whose)>,
    edges: Edges,
    kept: Option<Kept>,
    /// What is on the drive and stays, when a further session comes beside it.
    pub(crate) first: Option<First>,
    /// Finished drives by the files that are not on them.
    pub(crate) references: Mutex<HashMap<BTreeSet<u32>, Arc<MemDisk>>>,
    acts: u64,
    /// The act at which an undisturbed run begins to change what was on the drive, if it does.
    changes_at: Option<u64>,
}

#[derive(Clone)]
struct Keys {
    ids: DriveIds,
    information_area: Vec<u8>,
    recovery_password: bitlocker_image::RecoveryPassword,
    cipher: SectorCipher,
    credential: Credential,
}

/// Where drives are compared, whole and where somebody reads.
type Ranges = (Vec<Range<u64>>, Vec<(Range<u64>, Whose)>);

struct Plan {
    name: &'static str,
    cipher: Cipher,
    sector: SectorSize,
    check: SurfaceCheck,
    free_space: FreeSpace,
    content_md5: bool,
    large: bool,
    /// Whether the drive is encrypted already and keeps its keys.
    kept: bool,
}

impl Scenario {
    /// Returns all scenarios.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let plain = Plan {
            name: "plain",
            cipher: Cipher::XtsAes128,
            sector: SectorSize::B512,
            check: SurfaceCheck::None,
            free_space: FreeSpace::Blank,
            content_md5: false,
            large: false,
            kept: false,
        };
        let plans = [
            Plan {
                name: "Content-MD5, a used drive that is wiped",
                content_md5: true,
                check: SurfaceCheck::Quick,
                free_space: FreeSpace::Keep,
                ..plain
            },
            Plan {
                name: "sectors of 4096 bytes, CBC, checked",
                cipher: Cipher::CbcAes256,
                sector: SectorSize::B4096,
                check: SurfaceCheck::Quick,
                ..plain
            },
            Plan {
                name: "files of several blocks, Content-MD5",
                content_md5: true,
                large: true,
                ..plain
            },
            Plan {
                name: "a volume that keeps its keys, checked",
                cipher: Cipher::CbcAes128,
                check: SurfaceCheck::Quick,
                free_space: FreeSpace::Keep,
                kept: true,
                ..plain
            },
            plain,
        ];
        plans.into_iter().map(Self::new).collect()
    }

    fn new(plan: Plan) -> Self {
        let listing = listing(plan.large);
        let session = "simulated".parse().expect("a session");
        let destination = "film/reels/".parse().expect("a destination");
        let mut mapping = Mapping::of_source(session, destination);
        mapping.content_md5 = plan.content_md5;
        mapping.mhl = plan.content_md5.then(|| Creator {
            host: "simulated".to_owned(),
            version: "0".to_owned(),
        });
        let mut scenario = Self {
            name: plan.name,
            listing,
            mapping,
            cipher: plan.cipher,
            sector: plan.sector,
            check: plan.check,
            free_space: plan.free_space,
            before: MemDisk::new(DISK_BYTES),
            keys: keys(&plan),
            compared: Vec::new(),
            read: Vec::new(),
            edges: Edges::default(),
            kept: None,
            first: None,
            references: Mutex::default(),
            acts: 0,
            changes_at: None,
        };
        if plan.free_space != FreeSpace::Blank {
            scenario.before = used();
        }
        if plan.kept {
            encrypted::put(&mut scenario.before, &scenario.keys.information_area);
            let found = FoundVolume::read(&scenario.before, plan.sector, &scenario.keys.credential);
            scenario.kept = Some(found.expect("what was put there").kept);
        }
        (scenario.compared, scenario.read) = scenario.ranges();
        scenario.edges = Edges::read(&scenario.before).expect("memory");
        scenario
    }

    /// Returns the scenario in which the finished drive `disk` of `first`, with this manifest, gets a second session.
    pub(crate) fn added(first: &Self, disk: &MemDisk, manifest: ([u8; 16], u64)) -> Self {
        let session = "second-2".parse().expect("a session");
        let destination = "film/more/".parse().expect("a destination");
        let mut scenario = Self {
            name: "a second session on a finished drive",
            listing: added::listing(),
            mapping: Mapping::of_source(session, destination),
            cipher: first.cipher,
            sector: first.sector,
            check: SurfaceCheck::None,
            free_space: FreeSpace::Blank,
            before: disk.clone(),
            keys: first.keys.clone(),
            compared: Vec::new(),
            read: Vec::new(),
            edges: Edges::read(disk).expect("memory"),
            kept: Some(added::kept(first, disk, manifest)),
            first: None,
            references: Mutex::default(),
            acts: 0,
            changes_at: None,
        };
        (scenario.compared, scenario.read) = scenario.ranges();
        let first_read = added::read(first).into_iter();
        scenario
            .read
            .extend(first_read.map(|range| (range, Whose::Drive)));
        scenario.first = Some(First::new(first, &scenario, manifest.0));
        scenario
    }

    /// Returns how many acts an undisturbed run has.
    #[must_use]
    pub const fn acts(&self) -> u64 {
        self.acts
    }

    /// Returns the act at which it begins to change what was on the drive, if it does.
    #[must_use]
    pub const fn changes_at(&self) -> Option<u64> {
        self.changes_at
    }

    pub(crate) const fn set_acts(&mut self, acts: u64, changes_at: Option<u64>) {
        (self.acts, self.changes_at) = (acts, changes_at);
    }

    /// Returns the number of some file.
    pub(crate) fn any_file(&self, rng: &mut Rng) -> u32 {
        let files: Vec<u32> = self
            .listing
            .iter()
            .filter(|(_, entry)| !entry.is_folder && entry.bytes > 0)
            .map(|(number, _)| number)
            .collect();
        rng.one_of(&files)
    }

    /// Returns the small grain that gives a small drive many legs and marks.
    pub(crate) const fn grain() -> Grain {
        Grain {
            leg_bytes: 256 << 10,
            mark_bytes: Some(512 << 10),
        }
    }

    /// Returns what encrypts the drive's sectors.
    pub(crate) const fn sector_cipher(&self) -> &SectorCipher {
        &self.keys.cipher
    }

    pub(crate) fn credential(&self) -> Credential {
        self.keys.credential.clone()
    }

    /// Returns the keys of a drive that has no journal.
    pub(crate) fn keys(&self) -> DriveKeys {
        DriveKeys {
            ids: self.keys.ids.clone(),
            information_area: self.keys.information_area.clone(),
            recovery_password: self.keys.recovery_password.clone(),
            salt: [7; 16],
            cipher: self.keys.cipher.clone(),
            credential: self.keys.credential.clone(),
        }
    }

    /// Returns the job; `named_again` when the person at the drive says that it is the right one.
    pub(crate) fn drive_job(&self, keys: DriveKeys, named_again: bool) -> DriveJob {
        DriveJob {
            identity: DriveIdentity {
                serial: SERIAL.to_owned(),
                // Nothing but what is on a drive tells it from another.
                serial_source: SerialSource::Label,
                model: String::new(),
                wwn: String::new(),
                bytes: DISK_BYTES,
                sector_bytes: self.sector.bytes(),
            },
            planned: PlannedDrive {
                serial: SERIAL.to_owned(),
                disk_bytes: DISK_BYTES,
                sector: self.sector,
                kept: self.kept.as_ref().map(|kept| kept.volume.clone()),
                capacity_bytes: 0,
                used_bytes: 0,
                files: 0,
                file_bytes: 0,
                entries: (0..self.listing.len()).collect(),
            },
            free_space: self.free_space,
            contents: Contents::default(),
            edges: self.edges.clone(),
            kept: self.kept.clone(),
            named_again,
            keys,
            planned_out: Vec::new(),
        }
    }

    /// Returns the finished drive without the files `left_out`, when it is known.
    pub(crate) fn reference(&self, left_out: &BTreeSet<u32>) -> Option<Arc<MemDisk>> {
        let references = self.references.lock();
        references
            .unwrap_or_else(PoisonError::into_inner)
            .get(left_out)
            .cloned()
    }

    /// Returns where a drive without the files `left_out`, whose manifest has so many bytes, is compared when its bits may have
    /// rotted: where somebody reads.
    pub(crate) fn read_without(
        &self,
        left_out: &BTreeSet<u32>,
        manifest_bytes: u64,
    ) -> Vec<Range<u64>> {
        let read = |(range, whose): &(Range<u64>, Whose)| match whose {
            Whose::File(file) if left_out.contains(file) => None,
            // It was planned for what may be longer, and only as much is read as there is.
            Whose::Manifest { from } => {
                let bytes = manifest_bytes.saturating_sub(*from).next_multiple_of(16);
                Some(range.start..range.end.min(range.start.saturating_add(bytes)))
            }
            Whose::File(_) | Whose::Drive => Some(range.clone()),
        };
        self.read.iter().filter_map(read).collect()
    }

    pub(crate) fn layout(&self) -> DriveLayout {
        let spec = DriveSpec {
            disk_bytes: DISK_BYTES,
            sector: self.sector,
            cipher: self.cipher,
            serial: SERIAL.to_owned(),
            label: self.mapping.session.as_str().to_owned(),
            started: STARTED.file_time(),
            ids: self.keys.ids.clone(),
            kept: self.kept.clone(),
        };
        let entries: Vec<u32> = (0..self.listing.len()).collect();
        let layout = DriveLayout::new(spec, &self.listing, &entries, &self.mapping);
        layout.expect("a few files fit")
    }

    fn ranges(&self) -> Ranges {
        let layout = self.layout();
        let segments = layout
            .segments()
            .filter(|segment| segment.what != What::Free || self.free_space == FreeSpace::Wipe);
        let (mut compared, mut read) = (Vec::new(), Vec::new());
        for segment in segments {
            compared.push(segment.at..segment.at.saturating_add(segment.bytes));
            let (bytes, whose) = match segment.what {
                What::FileData { file, from } => {
                    let length = layout.ntfs().tree().bytes(file).saturating_sub(from);
                    let whose = match layout.source_of(file) {
                        NodeSource::Entry(entry) | NodeSource::Properties(entry) => {
                            Whose::File(entry)
                        }
                        NodeSource::Manifest => Whose::Manifest { from },
                        _ => Whose::Drive,
                    };
                    (segment.bytes.min(length.next_multiple_of(16)), whose)
                }
                _ => (segment.bytes, Whose::Drive),
            };
            if segment.what != What::Outside {
                read.push((segment.at..segment.at.saturating_add(bytes), whose));
            }
        }
        (compared, read)
    }
}

/// What is read of a stretch of the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// All of it, always.
    Drive,
    /// All of it, unless this file is left out.
    File(u32),
    /// What the manifest, which is at its byte `from` there, has of it.
    Manifest { from: u64 },
}

/// The drive's serial.
pub(crate) const SERIAL: &str = "SIMULATED";

fn listing(large: bool) -> Listing {
    let mut listing = Listing::new();
    let mut push = |path: &str, bytes: u64, kind| {
        let modified = FileTime(133_000_000_000_000_000);
        listing.push(path, bytes, modified, kind).expect("few");
    };
    push("empty", 0, Kind::File);
    push("folder", 0, Kind::Folder);
    for (number, bytes) in [1, 300, 512, 600, 700, 90, 333].into_iter().enumerate() {
        push(&format!("folder/small {number}"), bytes, Kind::File);
    }
    let middle = [4096, 5000, 70_000, 262_144, 300_001, 9000];
    for (number, bytes) in middle.into_iter().enumerate() {
        push(&format!("middle {number}"), bytes, Kind::File);
    }
    if large {
        push("large", (9 << 20) + 123, Kind::File);
        push("last", 100_000, Kind::File);
    }
    listing
}

fn keys(plan: &Plan) -> Keys {
    let (cipher, sector) = (plan.cipher, plan.sector);
    let seed = plan
        .name
        .bytes()
        .fold(0_u64, |seed, byte| seed.rotate_left(7) ^ u64::from(byte));
    let mut rng = Rng::new(seed);
    let secrets = Secrets::from_random(cipher, &Protectors::default(), &mut |bytes| {
        for byte in bytes {
            *byte = rng.bits().to_le_bytes()[0];
        }
    });
    let space = if plan.kept {
        encrypted::space(DISK_BYTES, sector, cipher)
    } else {
        Space::new(DISK_BYTES, sector)
    };
    let space = space.expect("large enough");
    let spec = VolumeSpec {
        volume_bytes: space.volume_bytes(),
        sector,
        cipher,
        regions: space.regions,
        created: STARTED.file_time().0,
        description: "simulated".to_owned(),
    };
    let sealed = seal(&spec, &secrets).expect("a right specification");
    let credential = stretched(&sealed.information_area, &sealed.recovery_password);
    Keys {
        ids: DriveIds::derive(&secrets.volume_master_key),
        cipher: SectorCipher::new(cipher, &secrets.volume_key, sector).expect("a right key"),
        credential: credential.expect("our own password"),
        information_area: sealed.information_area,
        recovery_password: sealed.recovery_password,
    }
}

/// Another drive, with empty ends and something between: nobody may take it for an erased one.
pub(crate) fn empty_ended() -> MemDisk {
    let mut disk = MemDisk::new(DISK_BYTES);
    for at in [3 << 20, 20 << 20, 40 << 20] {
        disk.write_at(at, &[0x5a; 65_536]).expect("in bounds");
    }
    disk
}

/// A drive that held something: both edges and places between.
fn used() -> MemDisk {
    let mut disk = MemDisk::new(DISK_BYTES);
    let mut rng = Rng::new(1);
    for at in [0, 4096, 1 << 20, 7 << 20, 33 << 20, LAST] {
        let bytes: Vec<u8> = (0..8192).flat_map(|_| rng.bits().to_le_bytes()).collect();
        let length = usize::try_from(DISK_BYTES.saturating_sub(at).min(65_536)).expect("short");
        disk.write_at(at, &bytes[..length]).expect("in bounds");
    }
    disk
}
