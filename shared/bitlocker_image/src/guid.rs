//! GUIDs as BitLocker stores them.

use std::fmt;

/// A GUID in its stored byte order: the first three fields little-endian (`bytes_le`), the last two
/// as they read. Source: bitlocker.md part 15, trap 14.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// Returns `random` as a version 4 GUID: six of its bits are overwritten by version and
    /// variant.
    #[must_use]
    pub const fn from_random(mut random: [u8; 16]) -> Self {
        random[7] = (random[7] & 0x0f) | 0x40;
        random[8] = (random[8] & 0x3f) | 0x80;
        Self(random)
    }
}

/// Writes the GUID the way Windows shows it: upper case, without braces.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
        for (place, stored) in SHOWN.into_iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{:02X}", self.0[stored])?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_reads_as_windows_names_the_key_file_of_the_genuine_startup_key_volume() {
        let stored = [
            0x59, 0xf7, 0x81, 0x43, 0xf8, 0xc4, 0xe0, 0x4d, 0xbb, 0x61, 0xfc, 0x33, 0xa8, 0x31,
            0xbd, 0xa5,
        ];
        assert_eq!(
            Guid(stored).to_string(),
            "4381F759-C4F8-4DE0-BB61-FC33A831BDA5"
        );
    }

    #[test]
    fn a_random_guid_says_version_4_and_the_usual_variant() {
        let shown = Guid::from_random([0xff; 16]).to_string();
        assert_eq!(shown, "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF");
    }
}
