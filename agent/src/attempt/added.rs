//! What tells a volume that nobody changed from one that somebody did.

use disk::ReadAt;
use ntfs_image::read::{FileId, Volume};
use sha2::{Digest, Sha256};

/// Records of the files that every driver changes which writes anything: `$MFT`, its mirror, `$LogFile`,
/// `$Bitmap`.
const OWN_FILES: [u64; 4] = [0, 1, 2, 6];
/// Bytes hashed at once.
const STEP: u64 = 1 << 20;

/// Returns the SHA-256 over those files of a volume.
///
/// # Errors
/// A sentence, when they cannot be read.
pub fn digest(plain: &dyn ReadAt) -> Result<[u8; 32], String> {
    let volume = Volume::open(plain).map_err(|error| error.to_string())?;
    let mut sum = Sha256::new();
    let mut piece = vec![0; usize::try_from(STEP).unwrap_or(0)];
    for record in OWN_FILES {
        let id = FileId {
            record,
            sequence: 0,
        };
        let file = volume.open_file(id).map_err(|error| error.to_string())?;
        sum.update(file.bytes().to_le_bytes());
        let mut at = 0_u64;
        while at < file.bytes() {
            let count = STEP.min(file.bytes().saturating_sub(at));
            let piece = piece
                .get_mut(..usize::try_from(count).unwrap_or(0))
                .unwrap_or_default();
            volume
                .read(&file, at, piece)
                .map_err(|error| error.to_string())?;
            sum.update(&*piece);
            at = at.saturating_add(count);
        }
    }
    Ok(sum.finalize().into())
}
