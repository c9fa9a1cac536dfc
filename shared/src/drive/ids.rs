//! Numbers on a drive that look random.

/// What looks random on a drive and is not a key. All of it follows from the volume master key by HKDF-SHA256 (RFC 5869),
/// so that a resumed drive equals an uninterrupted one and nothing else has to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveIds {
    /// Serial number of the NTFS volume.
    pub ntfs_serial: u64,
    /// GUID of the disk, bytes as stored.
    pub disk_guid: [u8; 16],
    /// GUID of the partition, bytes as stored.
    pub partition_guid: [u8; 16],
    /// The bytes that Windows leaves random behind the BitLocker boot sector: volume offsets 512 to 8192.
    pub junk: Box<[u8; 7680]>,
}

impl DriveIds {
    /// Derives all of them.
    #[must_use]
    pub fn derive(volume_master_key: &[u8; 32]) -> Self {
        todo!("{}", volume_master_key.len())
    }
}
