//! CRC-64/NVME: what the service's copy logs say of every file.
//!
//! Source: reference azure-import-export.md part 5.5 (reflected polynomial 0x9A6C9329AC4BC9B5, all ones before and after).

use std::sync::LazyLock;

const POLYNOMIAL: u64 = 0x9A6C_9329_AC4B_C9B5;
/// Bytes taken at once, with a table for each.
const STRIDE: usize = 16;

type Tables = [[u64; 256]; STRIDE];

static TABLES: LazyLock<Box<Tables>> = LazyLock::new(tables);

/// A CRC as bytes stream past.
#[derive(Clone, Debug)]
pub struct Crc64(u64);

impl Crc64 {
    /// Begins before the first byte.
    #[must_use]
    pub const fn new() -> Self {
        Self(u64::MAX)
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let tables: &Tables = &TABLES;
        let (chunks, rest) = bytes.as_chunks::<STRIDE>();
        let mut crc = self.0;
        for chunk in chunks {
            let mut mixed = *chunk;
            for (byte, with) in mixed.iter_mut().zip(crc.to_le_bytes()) {
                *byte ^= with;
            }
            crc = 0;
            for (byte, table) in mixed.iter().zip(tables.iter().rev()) {
                crc ^= table[usize::from(*byte)];
            }
        }
        for byte in rest {
            let [low, ..] = crc.to_le_bytes();
            crc = tables[0][usize::from(low ^ byte)] ^ (crc >> 8);
        }
        self.0 = crc;
    }

    /// Returns the CRC of all bytes taken.
    #[must_use]
    pub const fn finish(self) -> u64 {
        !self.0
    }
}

impl Default for Crc64 {
    fn default() -> Self {
        Self::new()
    }
}

/// Table `n` has what a byte becomes once `n` zero bytes came behind it.
fn tables() -> Box<Tables> {
    let mut tables: Box<Tables> = Box::new([[0; 256]; STRIDE]);
    for byte in 0..=u8::MAX {
        let mut crc = u64::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ POLYNOMIAL
            } else {
                crc >> 1
            };
        }
        tables[0][usize::from(byte)] = crc;
    }
    let first = tables[0];
    let mut before = first;
    for table in tables.iter_mut().skip(1) {
        for (after, was) in table.iter_mut().zip(before) {
            let [low, ..] = was.to_le_bytes();
            *after = (was >> 8) ^ first[usize::from(low)];
        }
        before = *table;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crc64(bytes: &[u8]) -> u64 {
        let mut crc = Crc64::new();
        crc.update(bytes);
        crc.finish()
    }

    #[test]
    fn the_service_s_own_samples_come_out() {
        assert_eq!(crc64(b"123456789"), 0xAE8B_1486_0A79_9888);
        assert_eq!(crc64(b"Hello World"), 7_320_094_093_915_972_193);
        assert_eq!(crc64(&[0; 1024]), 7_573_843_669_953_104_266);
        assert_eq!(crc64(&[b'1'; 4096]), 16_033_727_819_182_370_206);
        assert_eq!(crc64(b""), 0);
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_are_cut() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for step in [1, 7, 15, 16, 17, 999] {
            let mut crc = Crc64::new();
            for piece in bytes.chunks(step) {
                crc.update(piece);
            }
            assert_eq!(crc.finish(), crc64(&bytes), "{step}");
        }
    }
}
