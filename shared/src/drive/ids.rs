//! Numbers on a drive that look random.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;

/// What looks random on a drive and is not a key. All of it follows from the volume master key by
/// HKDF-SHA256 (RFC 5869), so that a resumed drive equals an uninterrupted one and nothing else has
/// to be kept; and none of it tells anything about the key.
#[derive(Clone, PartialEq, Eq)]
pub struct DriveIds {
    /// Serial number of the NTFS volume.
    pub ntfs_serial: u64,
    /// GUID of the disk, bytes as stored.
    pub disk_guid: [u8; 16],
    /// GUID of the partition, bytes as stored.
    pub partition_guid: [u8; 16],
    /// The bytes that Windows leaves random behind the BitLocker boot sector: volume offsets 512 to
    /// 8192.
    pub junk: Box<[u8; JUNK_BYTES]>,
}

/// 8192 bytes less the boot sector's 512; HKDF-SHA256 gives at most 255 x 32 = 8160.
pub(super) const JUNK_BYTES: usize = 7680;
const SALT: &[u8] = b"Argosy drive ids, version 1";

impl DriveIds {
    /// Derives all of them.
    #[must_use]
    pub fn derive(volume_master_key: &[u8; 32]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(SALT), volume_master_key);
        let mut junk = Box::new([0; JUNK_BYTES]);
        expand(&hkdf, b"junk behind the boot sector", junk.as_mut_slice());
        let mut serial = [0; 8];
        expand(&hkdf, b"NTFS volume serial number", &mut serial);
        Self {
            ntfs_serial: u64::from_le_bytes(serial),
            disk_guid: guid(&hkdf, b"GUID of the disk"),
            partition_guid: guid(&hkdf, b"GUID of the partition"),
            junk,
        }
    }
}

impl fmt::Debug for DriveIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriveIds")
            .field("ntfs_serial", &self.ntfs_serial)
            .field("disk_guid", &self.disk_guid)
            .field("partition_guid", &self.partition_guid)
            .finish_non_exhaustive()
    }
}

/// Returns a version 4 GUID (RFC 9562), first three fields little-endian as GPT stores them.
fn guid(hkdf: &Hkdf<Sha256>, label: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    expand(hkdf, label, &mut bytes);
    bytes[7] = bytes[7] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

fn expand(hkdf: &Hkdf<Sha256>, label: &[u8], into: &mut [u8]) {
    // Fails only beyond 8160 bytes, and the longest here is JUNK_BYTES.
    hkdf.expand(label, into)
        .expect("at most 8160 bytes are asked for");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_drives_have_nothing_in_common_and_one_drive_always_the_same() {
        let (one, other) = (DriveIds::derive(&[1; 32]), DriveIds::derive(&[2; 32]));
        assert_eq!(one, DriveIds::derive(&[1; 32]));
        assert_ne!(one.ntfs_serial, other.ntfs_serial);
        assert_ne!(one.disk_guid, one.partition_guid);
        assert_ne!(one.junk, other.junk);
    }

    #[test]
    fn guids_are_of_version_4_as_gpt_stores_them() {
        for guid in [
            DriveIds::derive(&[7; 32]).disk_guid,
            DriveIds::derive(&[8; 32]).partition_guid,
        ] {
            assert_eq!((guid[7] >> 4, guid[8] >> 6), (4, 2));
        }
    }

    #[test]
    fn the_junk_is_all_there() {
        // A stretch that HKDF left out would stay zero.
        let ids = DriveIds::derive(&[9; 32]);
        assert!(
            ids.junk
                .chunks(32)
                .all(|chunk| chunk.iter().any(|byte| *byte != 0))
        );
    }
}
