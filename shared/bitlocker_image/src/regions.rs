//! Where a volume keeps BitLocker's own areas.

use thiserror::Error;

/// Bytes of one information area, whatever the sector size.
pub const INFORMATION_BYTES: u64 = 65_536;
/// Bytes at the start of an NTFS volume that live at [`Regions::header`] instead.
pub const HEADER_BYTES: u64 = 8_192;
/// Bytes of the area that Windows 8 and later name in the virtualization datum.
pub const SPARE_BYTES: u64 = 65_536;

/// Windows leaves the first 33 MiB of a volume to the file system.
const FIRST: u64 = 0x210_0000;
/// The areas lie this far apart at most.
const STRIDE_MAX: u64 = 1 << 30;

/// The places of a volume's BitLocker areas, in bytes from the start of the partition.
///
/// ```text
/// information[0] 64 KiB | header 8 KiB | spare 64 KiB ...  information[1] 64 KiB  ...  information[2] 64 KiB  ... end
/// ```
/// Source: bitlocker.md part 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regions {
    /// The three identical information areas ("M1..M3"), [`INFORMATION_BYTES`] each.
    pub information: [u64; 3],
    /// Where the file system's own first [`HEADER_BYTES`] are kept ("H"), encrypted at that place.
    pub header: u64,
    /// An area that Windows uses for itself ("X"), [`SPARE_BYTES`] of encrypted zeros; Windows 7 made
    /// volumes without it.
    pub spare: Option<u64>,
}

/// Why a volume has no room for BitLocker's areas.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegionsError {
    /// The last area would reach the end.
    #[error(
        "a volume of {volume_bytes} bytes is too small for BitLocker: it needs more than {needed_bytes}"
    )]
    TooSmall {
        /// Length of the volume.
        volume_bytes: u64,
        /// The end of the last area; one sector at least must follow it.
        needed_bytes: u64,
    },
    /// The cluster size is no power of two from 512 bytes to 2 MiB.
    #[error("clusters of {found} bytes; NTFS has powers of two from 512 to 2097152")]
    ClusterBytes {
        /// The size asked for.
        found: u64,
    },
}

impl Regions {
    /// Places the areas of a new volume as Windows does: from 33 MiB on, a ninth of the volume
    /// apart (1 GiB at most).
    ///
    /// Each area begins on a cluster border, so that an NTFS file can own it.
    ///
    /// # Errors
    /// [`RegionsError`] when the volume is too small (below about 48 MiB) or the cluster size is
    /// none.
    pub fn new(volume_bytes: u64, cluster_bytes: u64) -> Result<Self, RegionsError> {
        if !cluster_bytes.is_power_of_two() || !(512..=2 << 20).contains(&cluster_bytes) {
            let found = cluster_bytes;
            return Err(RegionsError::ClusterBytes { found });
        }
        let up = |bytes: u64| bytes.next_multiple_of(cluster_bytes);
        let stride = up((volume_bytes / 9).min(STRIDE_MAX));
        let own = |bytes: u64| up(bytes.max(cluster_bytes));
        let first = up(FIRST);
        let header = first.saturating_add(own(INFORMATION_BYTES));
        let spare = header.saturating_add(own(HEADER_BYTES));
        let second = first.saturating_add(stride);
        let third = second.saturating_add(stride);
        let needed_bytes = third.saturating_add(own(INFORMATION_BYTES));
        let crowded = second < spare.saturating_add(own(SPARE_BYTES));
        if crowded || needed_bytes >= volume_bytes {
            return Err(RegionsError::TooSmall {
                volume_bytes,
                needed_bytes: needed_bytes.max(spare.saturating_add(own(SPARE_BYTES))),
            });
        }
        Ok(Self {
            information: [first, second, third],
            header,
            spare: Some(spare),
        })
    }

    /// Returns name, place and length of the files in `\System Volume Information` that must own
    /// the areas, each one contiguous, non-resident extent. Without them any file system driver
    /// would allocate over the areas.
    #[must_use]
    pub fn control_files(&self) -> Vec<(String, u64, u64)> {
        let control =
            |number: u32| format!("FVE2.{{e40ad34d-dae9-4bc7-95bd-b16218c10f72}}.{number}");
        let [first, second, third] = self.information;
        let spare = self.spare.map(|at| {
            let name = "FVE2.{da392a22-cae0-4f0f-9a30-b8830385d046}";
            (name.to_owned(), at, SPARE_BYTES)
        });
        let named = [
            (control(1), first, INFORMATION_BYTES),
            (control(2), second, INFORMATION_BYTES),
            (control(3), third, INFORMATION_BYTES),
            (
                "FVE2.{24e6f0ae-6a00-4f73-984b-75ce9942852d}".to_owned(),
                self.header,
                HEADER_BYTES,
            ),
        ];
        named.into_iter().chain(spare).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_100_mib_volume_has_its_areas_where_the_genuine_startup_key_volume_has_them() {
        let regions = Regions::new(0x640_0000, 4096).expect("large enough");
        assert_eq!(regions.information, [0x210_0000, 0x2c1_d000, 0x373_a000]);
        assert_eq!(
            (regions.header, regions.spare),
            (0x211_0000, Some(0x211_2000))
        );
    }

    #[test]
    fn a_large_volume_has_its_areas_a_gib_apart() {
        let regions = Regions::new(12 << 40, 4096).expect("large enough");
        assert_eq!(regions.information, [0x210_0000, 0x4210_0000, 0x8210_0000]);
    }

    #[test]
    fn areas_are_on_cluster_borders_and_never_overlap_nor_reach_the_end() {
        for shift in 9..=21 {
            let cluster = 1_u64 << shift;
            for volume in [48_u64 << 20, 62 << 20, 9 << 30, 17 << 40, 64 << 40] {
                let Ok(regions) = Regions::new(volume, cluster) else {
                    assert!(volume <= 48 << 20);
                    continue;
                };
                let mut files = regions.control_files();
                files.sort_by_key(|(_, at, _)| *at);
                let mut free = 8192;
                for (name, at, bytes) in files {
                    assert!(
                        at.is_multiple_of(cluster) && at >= free,
                        "{name} at {at:#x}"
                    );
                    free = (at + bytes).next_multiple_of(cluster);
                }
                assert!(free < volume);
            }
        }
    }

    #[test]
    fn a_volume_too_small_is_refused_with_what_it_needs() {
        for volume in [0, 1, 1 << 20, 0x210_0000, 40 << 20] {
            let error = Regions::new(volume, 4096).expect_err("too small");
            let RegionsError::TooSmall { needed_bytes, .. } = error else {
                panic!("{error}");
            };
            assert!(needed_bytes >= volume);
        }
        assert!(Regions::new(1 << 30, 3000).is_err());
    }
}
