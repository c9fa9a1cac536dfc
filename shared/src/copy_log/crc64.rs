//! The checksum of today's copy log.

use crc_fast::{CrcAlgorithm, Digest};

/// CRC-64/NVME of bytes as they stream past: the one that Azure Storage has (azure-import-export.md, 5.5).
#[derive(Clone)]
pub struct Crc64(Digest);

impl Crc64 {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc64Nvme))
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the checksum, which logs have in decimal digits.
    #[must_use]
    pub fn finish(self) -> u64 {
        self.0.finalize()
    }
}

impl Default for Crc64 {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the public documentation: data-box-deploy-export-copy-data, and the page on reviewing a job.
    #[test]
    fn it_is_the_checksum_of_the_public_samples() {
        for (bytes, sum) in [
            (b"Hello World".to_vec(), 7_320_094_093_915_972_193),
            (vec![0; 1024], 7_573_843_669_953_104_266),
            (vec![b'1'; 4096], 16_033_727_819_182_370_206),
            (b"123456789".to_vec(), 0xAE8B_1486_0A79_9888),
            (Vec::new(), 0),
        ] {
            let mut crc = Crc64::new();
            for piece in bytes.chunks(7) {
                crc.update(piece);
            }
            assert_eq!(crc.finish(), sum);
        }
    }
}
