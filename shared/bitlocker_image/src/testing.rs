//! What tests of several files need.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of our own, in tests"
)]

use disk::{MemDisk, SectorSize, WriteAt};

use crate::*;

/// Returns the bytes of a hexadecimal text.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digit = |character: char| character.to_digit(16).expect("a hexadecimal digit");
    let digits: Vec<u32> = text.chars().map(digit).collect();
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).expect("a byte"))
        .collect()
}

/// Secrets that are no secrets: the same for every run.
pub(crate) fn secrets(cipher: Cipher, passphrase: Option<&str>) -> Secrets {
    let mut state = 0x2b_u8;
    let protectors = Protectors {
        external_key: true,
        passphrase: passphrase.map(str::to_owned),
    };
    Secrets::from_random(cipher, &protectors, &mut |bytes| {
        for byte in bytes {
            state = state.wrapping_mul(5).wrapping_add(0x2b);
            *byte = state;
        }
    })
}

/// A small volume of ours, in memory.
#[derive(Clone)]
pub(crate) struct OwnVolume {
    pub(crate) disk: MemDisk,
    pub(crate) secrets: Secrets,
    pub(crate) sealed: SealedVolume,
    pub(crate) spec: VolumeSpec,
}

impl OwnVolume {
    pub(crate) const BYTES: u64 = 44 << 20;

    /// Returns a volume whose plain bytes are [`plain`](Self::plain)'s near its start, its end and
    /// each of its areas.
    pub(crate) fn new(cipher: Cipher, sector: SectorSize, passphrase: Option<&str>) -> Self {
        let secrets = secrets(cipher, passphrase);
        let spec = VolumeSpec {
            volume_bytes: Self::BYTES,
            sector,
            cipher,
            regions: Regions::new(Self::BYTES, 4096).expect("large enough"),
            created: 0x01d5_3236_6fba_4123,
            description: "a test".to_owned(),
        };
        let sealed = seal(&spec, &secrets).expect("no contradiction");
        let disk = MemDisk::new(Self::BYTES);
        let mut volume = Self {
            disk,
            secrets,
            sealed,
            spec,
        };
        let regions = volume.spec.regions;
        let end = Self::BYTES - 65_536;
        let spare = regions.spare.expect("a new volume has one");
        for at in [0, spare, regions.information[1] - 65_536, end] {
            volume.write_encrypted(at, 65_536);
        }
        volume.write_header();
        for place in regions.information {
            volume.write(place, &volume.sealed.information_area.clone());
        }
        volume
    }

    /// Returns what the volume's plain byte at `at` is, where it was written.
    pub(crate) fn plain(&self, at: u64) -> u8 {
        match (at, self.spec.sector) {
            (0x0b, _) => 0,
            (0x0c, SectorSize::B512) => 2,
            (0x0c, SectorSize::B4096) => 16,
            _ => (at ^ (at >> 8) ^ (at >> 16)).to_le_bytes()[0],
        }
    }

    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) {
        self.disk.write_at(at, bytes).expect("inside");
    }

    fn cipher(&self) -> SectorCipher {
        let key = &self.secrets.volume_key;
        SectorCipher::new(self.spec.cipher, key, self.spec.sector).expect("key fits")
    }

    fn write_encrypted(&mut self, at: u64, bytes: u64) {
        let mut plain: Vec<u8> = (at..at + bytes).map(|at| self.plain(at)).collect();
        self.cipher()
            .encrypt(at / self.spec.sector.bytes(), &mut plain);
        self.write(at, &plain);
    }

    fn write_header(&mut self) {
        let mut plain: Vec<u8> = (0..8192).map(|at| self.plain(at)).collect();
        let ntfs = plain.first_chunk::<512>().expect("longer");
        let boot = boot_sector(ntfs, &self.spec.regions);
        let place = self.spec.regions.header;
        self.cipher()
            .encrypt(place / self.spec.sector.bytes(), &mut plain);
        self.write(place, &plain);
        self.write(0, &boot);
        self.write(512, &[0x99; 8192 - 512]);
    }

    /// Replaces all three information areas.
    pub(crate) fn set_areas(&mut self, area: &[u8]) {
        for place in self.spec.regions.information {
            self.write(place, area);
        }
    }

    pub(crate) fn external_key(&self) -> Credential {
        Credential::ExternalKey(self.secrets.external_key.expect("made with one"))
    }

    pub(crate) fn unlock(
        &self,
        credential: &Credential,
    ) -> Result<UnlockedVolume<&MemDisk>, UnlockError> {
        UnlockedVolume::unlock(&self.disk, credential)
    }
}
