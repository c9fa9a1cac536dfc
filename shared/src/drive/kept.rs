//! A volume that somebody encrypted before, whose keys stay.

use std::fmt;
use std::ops::Range;

use bitlocker_image::{
    CopyState, Credential, HEADER_BYTES, INFORMATION_BYTES, Regions, UnlockError, UnlockedVolume,
    is_bitlocker,
};
use disk::{ReadAt, ReadError, SectorSize, Window};
use gpt_image::{GptReadError, Partition};
use thiserror::Error;

use crate::plan::KeptVolume;

/// Everything of such a volume that a new file system must leave as it is.
///
/// The information areas and what is around the volume are never written. The boot sector is: taken
/// off before anything else is written, so that nobody takes a half-written drive for a whole one, and
/// put back last.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where it lies, and how it is encrypted.
    pub volume: KeptVolume,
    /// The partition's first 8192 bytes.
    pub boot: Vec<u8>,
    /// The partition tables, as much of them as there is room for around the volume, and the three
    /// information areas. Disk offset and bytes, ascending.
    pub stays: Vec<(u64, Vec<u8>)>,
}

/// A volume that was found on a disk and opened.
#[derive(Debug)]
pub struct FoundVolume {
    /// What stays of it.
    pub kept: Kept,
    /// Its information area.
    pub information_area: Vec<u8>,
}

/// A disk whose volume cannot be kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeptError {
    /// The disk could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no readable partition table.
    #[error(transparent)]
    Table(#[from] GptReadError),
    /// The partition table is damaged.
    #[error("its partition table is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// It holds no BitLocker volume, or several.
    #[error("it has {found} BitLocker volumes; a drive that keeps its keys has one")]
    Volumes {
        /// How many it has.
        found: u64,
    },
    /// The key does not open it.
    #[error("its BitLocker volume does not open: {0}")]
    Unlock(#[from] UnlockError),
    /// One of the three copies of BitLocker's metadata is not as the others.
    #[error(
        "its BitLocker information area {number} is damaged or differs from the others; \
         encrypt the drive anew"
    )]
    Copy {
        /// Which one, from 1.
        number: u32,
    },
    /// A To Go volume of FAT.
    #[error(
        "its BitLocker volume was made around a FAT file system; only those of NTFS can be kept"
    )]
    ToGo,
    /// Only a part is encrypted.
    #[error(
        "only {encrypted_bytes} of its volume's {bytes} bytes are encrypted; let Windows finish"
    )]
    Partial {
        /// Bytes that are encrypted.
        encrypted_bytes: u64,
        /// Bytes of the volume.
        bytes: u64,
    },
    /// Encrypted in other units than the drive's sectors.
    #[error("its volume is encrypted in units of {found} bytes, and its sectors have {expected}")]
    Sector {
        /// Bytes of the volume's units.
        found: u64,
        /// Bytes of the drive's sectors.
        expected: u64,
    },
    /// Not where a file system of this cluster size can go around it.
    #[error(
        "{what} lies at {at:#x}, which is no multiple of {of}; format and encrypt the drive anew"
    )]
    Place {
        /// What lies there.
        what: &'static str,
        /// Byte offset: of a partition on the disk, of an area in the volume.
        at: u64,
        /// What it must be a multiple of.
        of: u64,
    },
    /// Made with clusters of another size: its boot sector, which stays, says so.
    #[error(
        "its boot sector tells of clusters of {found} bytes, and a volume of its size gets {expected}; \
         format it with those, and encrypt it anew"
    )]
    Clusters {
        /// Bytes of a cluster by its boot sector.
        found: u64,
        /// Bytes of a cluster of the new file system.
        expected: u64,
    },
}

impl FoundVolume {
    /// Finds the one BitLocker volume of `disk`, whose logical sectors are `sector`, opens it and reads
    /// what stays of it.
    ///
    /// # Errors
    /// [`KeptError`]: above all when there is none, the key does not open it, or it is of a kind that
    /// cannot be kept.
    pub fn read(
        disk: &dyn ReadAt,
        sector: SectorSize,
        credential: &Credential,
    ) -> Result<Self, KeptError> {
        let place = only_volume(disk)?;
        let window = Window::new(disk, place.start, place.end.saturating_sub(place.start))?;
        let volume = UnlockedVolume::unlock(window, credential)?;
        let regions = checked(&volume, &place, sector)?;
        let boot = bytes_at(disk, place.start, HEADER_BYTES)?;
        check_clusters(&boot, place.end.saturating_sub(place.start), sector)?;
        let (stays, information_area) = stays(disk, &place, &regions)?;
        let volume = KeptVolume {
            partition: place,
            regions,
            cipher: volume.cipher(),
            onto: None,
        };
        Ok(Self {
            kept: Kept {
                volume,
                boot,
                stays,
            },
            information_area,
        })
    }
}

impl Kept {
    /// Returns the disk offset of the first byte that is not as it was, of all that is never written.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn first_change(&self, disk: &dyn ReadAt) -> Result<Option<u64>, ReadError> {
        for (at, bytes) in &self.stays {
            let mut found = vec![0; bytes.len()];
            disk.read_at(*at, &mut found)?;
            let mut pairs = (*at..).zip(found.iter().zip(bytes));
            if let Some((at, _)) = pairs.find(|(_, (found, kept))| found != kept) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Returns the disk ranges that nothing but the boot sector may be written to, ascending.
    #[must_use]
    pub fn ranges(&self, disk_bytes: u64) -> Vec<Range<u64>> {
        let partition = &self.volume.partition;
        let area = |at: u64| {
            let at = partition.start.saturating_add(at);
            at..at.saturating_add(INFORMATION_BYTES)
        };
        let mut information = self.volume.regions.information;
        information.sort_unstable();
        let boot_end = partition.start.saturating_add(HEADER_BYTES);
        std::iter::once(0..boot_end)
            .chain(information.map(area))
            .chain(std::iter::once(partition.end..disk_bytes))
            .collect()
    }
}

/// Shows no key, even a sealed one.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("volume", &self.volume)
            .finish_non_exhaustive()
    }
}

/// As much of a partition table as is kept for comparison: more than any has.
const TABLE_BYTES: u64 = 32 << 10;
/// What partitions and areas must be multiples of: the pipeline's unit.
const UNIT: u64 = 4096;
/// Where a boot sector has its sectors per cluster.
const SECTORS_PER_CLUSTER: usize = 0x0d;

/// Returns the place of the one BitLocker volume.
fn only_volume(disk: &dyn ReadAt) -> Result<Range<u64>, KeptError> {
    let table = gpt_image::read(disk)?;
    if let Some(fault) = table.findings.first() {
        let what = fault.to_string();
        return Err(KeptError::Damaged { what });
    }
    let mut volumes = Vec::new();
    for Partition { at, bytes, .. } in &table.partitions {
        let mut first = [0; 512];
        Window::new(disk, *at, *bytes)?.read_at(0, &mut first)?;
        if is_bitlocker(&first) {
            volumes.push(*at..at.saturating_add(*bytes));
        }
    }
    match volumes.as_slice() {
        [one] => Ok(one.clone()),
        volumes => Err(KeptError::Volumes {
            found: u64::try_from(volumes.len()).unwrap_or(u64::MAX),
        }),
    }
}

/// Returns BitLocker's places, when a new file system of our own form can go around them.
fn checked<R: ReadAt>(
    volume: &UnlockedVolume<R>,
    place: &Range<u64>,
    sector: SectorSize,
) -> Result<Regions, KeptError> {
    let facts = volume.facts();
    let good = |copy: &CopyState| *copy == CopyState::Good;
    if let Some((number, _)) = (1_u32..).zip(volume.copies()).find(|(_, copy)| !good(copy)) {
        return Err(KeptError::Copy { number });
    }
    let regions = volume.regions().ok_or(KeptError::ToGo)?;
    let (encrypted_bytes, bytes) = (facts.encrypted_bytes, volume.bytes());
    if encrypted_bytes != bytes {
        return Err(KeptError::Partial {
            encrypted_bytes,
            bytes,
        });
    }
    if facts.sector != sector {
        return Err(KeptError::Sector {
            found: facts.sector.bytes(),
            expected: sector.bytes(),
        });
    }
    let cluster = ntfs_image::cluster_bytes(bytes, sector);
    let ends = [
        ("its volume", place.start, UNIT),
        ("its volume's end", place.end, UNIT),
    ];
    let files = regions.control_files();
    let areas = files
        .iter()
        .map(|(_, at, _)| ("an area of BitLocker", *at, cluster));
    let misplaced = ends
        .into_iter()
        .chain(areas)
        .find(|(_, at, of)| !at.is_multiple_of(*of));
    match misplaced {
        Some((what, at, of)) => Err(KeptError::Place { what, at, of }),
        None => Ok(regions),
    }
}

fn check_clusters(boot: &[u8], volume_bytes: u64, sector: SectorSize) -> Result<(), KeptError> {
    let stored = boot.get(SECTORS_PER_CLUSTER).copied().unwrap_or(0);
    let found = u64::from(stored).saturating_mul(sector.bytes());
    let expected = ntfs_image::cluster_bytes(volume_bytes, sector);
    if found == expected {
        Ok(())
    } else {
        Err(KeptError::Clusters { found, expected })
    }
}

type Stays = Vec<(u64, Vec<u8>)>;

/// Reads what is never written, and returns it with one information area.
fn stays(
    disk: &dyn ReadAt,
    place: &Range<u64>,
    regions: &Regions,
) -> Result<(Stays, Vec<u8>), ReadError> {
    let mut places = vec![(0, place.start.min(TABLE_BYTES))];
    let mut information = regions.information;
    information.sort_unstable();
    for at in information {
        places.push((place.start.saturating_add(at), INFORMATION_BYTES));
    }
    let behind = disk.bytes().saturating_sub(place.end).min(TABLE_BYTES);
    places.push((disk.bytes().saturating_sub(behind), behind));
    let mut stays = Vec::new();
    for (at, bytes) in places.into_iter().filter(|(_, bytes)| *bytes > 0) {
        stays.push((at, bytes_at(disk, at, bytes)?));
    }
    let first = place.start.saturating_add(regions.information[0]);
    let area = bytes_at(disk, first, INFORMATION_BYTES)?;
    Ok((stays, area))
}

fn bytes_at(disk: &dyn ReadAt, at: u64, bytes: u64) -> Result<Vec<u8>, ReadError> {
    let mut read = vec![0; usize::try_from(bytes).unwrap_or(0)];
    disk.read_at(at, &mut read)?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "tests")]

    use bitlocker_image::Cipher;
    use disk::WriteAt;
    use proptest::prelude::*;

    use super::super::built::Recipe;
    use super::super::{DriveIds, DriveLayout, What};
    use super::*;

    const MIB: u64 = 1 << 20;
    /// Areas lie in slots of this many bytes: none is longer.
    const SLOT: u64 = 64 << 10;

    /// A volume whose areas lie in `slots`, in the order information, header, spare.
    fn kept(start: u64, bytes: u64, slots: [u64; 5], has_spare: bool) -> Kept {
        let [one, two, three, header, spare] = slots.map(|slot| slot * SLOT);
        let regions = Regions {
            information: [one, two, three],
            header,
            spare: has_spare.then_some(spare),
        };
        let volume = KeptVolume {
            partition: start..start + bytes,
            regions,
            cipher: Cipher::CbcElephant128,
            onto: None,
        };
        Kept {
            volume,
            boot: vec![0xee; 8192],
            stays: Vec::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_is_ever_written_where_a_volume_keeps_what_it_has(
            mut slots in prop::collection::btree_set(1_u64..1000, 5).prop_map(Vec::from_iter).prop_shuffle(),
            has_spare in any::<bool>(),
            before in 0_u64..600,
            behind in 0_u64..600,
            files in 0_usize..60,
        ) {
            slots.truncate(5);
            let slots: [u64; 5] = slots.try_into().expect("five");
            let (start, bytes) = (before * 4096, 64 * MIB);
            let kept = kept(start, bytes, slots, has_spare);
            let disk_bytes = start + bytes + behind * 4096;
            let paths: Vec<String> = (0..files).map(|n| format!("f{}/x{n}", n % 7)).collect();
            let entries: Vec<_> = paths.iter().map(|path| (path.as_str(), 300_001)).collect();
            let recipe = Recipe::new(disk_bytes, SectorSize::B512, &entries);
            let mut spec = recipe.spec(DriveIds::derive(&[7; 32]));
            spec.kept = Some(kept.clone());
            let layout = DriveLayout::new(spec, &recipe.listing, &recipe.entries, &recipe.mapping);
            let layout = layout.expect("it fits");
            let stays = kept.ranges(disk_bytes);
            let (mut at, mut information) = (0, Vec::new());
            for segment in layout.segments() {
                prop_assert_eq!(segment.at, at);
                at += segment.bytes;
                match segment.what {
                    What::FveBoot => prop_assert_eq!((segment.at, segment.bytes), (start, 8192)),
                    What::Information(number) => information.push((number, segment.at - start)),
                    What::HeaderCopy => prop_assert_eq!(segment.at, start + slots[3] * SLOT),
                    What::Outside => {}
                    What::Gpt | What::Gap => prop_assert!(false, "{segment:?}"),
                    _ => {
                        let is_apart = |range: &Range<u64>| range.end <= segment.at || range.start >= at;
                        prop_assert!(stays.iter().all(is_apart), "{segment:?}");
                    }
                }
            }
            prop_assert_eq!(at, disk_bytes);
            information.sort_unstable();
            let places: Vec<_> = (0_u8..).zip(slots[..3].iter().map(|slot| slot * SLOT)).collect();
            prop_assert_eq!(information, places);
            let parts = layout.seal_parts(&[]);
            prop_assert_eq!(parts.bitlocker, vec![(start, kept.boot)]);
            prop_assert_eq!(parts.tables, vec![]);
        }
    }

    #[test]
    fn a_volume_is_found_where_it_was_made_and_a_change_of_what_stays_is_noticed() {
        let built = Recipe::new(64 * MIB, SectorSize::B512, &[("a", 5000)]).build(&[]);
        let found = FoundVolume::read(&built.disk, SectorSize::B512, &built.credential);
        let kept = found.expect("our own").kept;
        assert_eq!(kept.volume.partition, built.layout.partition());
        assert_eq!(kept.volume.regions, *built.layout.regions());
        assert_eq!(kept.first_change(&built.disk), Ok(None));
        let area = built.layout.partition().start + built.layout.regions().information[2];
        for at in [0, area + 65_535, 64 * MIB - 1] {
            let mut disk = built.disk.clone();
            let mut byte = [0];
            disk.read_at(at, &mut byte).expect("in bounds");
            disk.write_at(at, &[byte[0] ^ 1]).expect("in bounds");
            assert_eq!(kept.first_change(&disk), Ok(Some(at)));
        }
    }

    #[test]
    fn what_cannot_be_kept_is_told_apart() {
        let built = Recipe::new(64 * MIB, SectorSize::B512, &[("a", 5000)]).build(&[]);
        let start = built.layout.partition().start;
        let read = |disk: &disk::MemDisk, sector| {
            FoundVolume::read(disk, sector, &built.credential).expect_err("it cannot be kept")
        };
        let error = read(&built.disk, SectorSize::B4096);
        assert!(
            matches!(error, KeptError::Sector { found: 512, .. }),
            "{error}"
        );
        let error = FoundVolume::read(&built.disk, SectorSize::B512, &Credential::Clear);
        assert!(matches!(error, Err(KeptError::Unlock(_))));
        let altered = |at: u64, bytes: &[u8]| {
            let mut disk = built.disk.clone();
            disk.write_at(at, bytes).expect("in bounds");
            read(&disk, SectorSize::B512)
        };
        let error = altered(start + 0x0d, &[16]);
        assert!(
            matches!(error, KeptError::Clusters { found: 8192, .. }),
            "{error}"
        );
        let second = start + built.layout.regions().information[1];
        let error = altered(second + 100, &[0xff; 8]);
        assert!(matches!(error, KeptError::Copy { number: 2 }), "{error}");
        let error = altered(start, &[0; 512]);
        assert!(matches!(error, KeptError::Volumes { found: 0 }), "{error}");
        let error = altered(512, &[0; 512]);
        assert!(matches!(error, KeptError::Damaged { .. }), "{error}");
    }
}
