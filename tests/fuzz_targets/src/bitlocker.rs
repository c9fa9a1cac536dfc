//! BitLocker metadata: alone, and on a volume.

use std::sync::LazyLock;

use aes::Aes256;
use bitlocker_image::{
    Cipher, Credential, HEADER_BYTES, OpenedArea, Protectors, Regions, Secrets, SectorCipher,
    UnlockedVolume, VolumeSpec, boot_sector, open_information_area, seal,
};
use ccm::Ccm;
use ccm::aead::AeadInOut;
use ccm::consts::{U12, U16};
use cipher::KeyInit;
use disk::{ReadAt, SectorSize};
use sha2::{Digest, Sha256};

use crate::overlay::Overlay;
use crate::patch::{Patch, number, patches, put};

/// Length of an information area.
const AREA: usize = 65_536;
/// Length of what follows the information block: version, size and CRC, then the sealed hash.
const VALIDATION: usize = 88;

/// The first byte: 0 = the checksum is left as it is, 1 = it is made right, as anyone can, 2 and more = the sealed hash
/// is made right too, as only the owner can; with 0x80 the rest is a whole area.
///
/// Otherwise the rest are patches of an area of ours: kind 1 = put behind its last datum, others = put at `offset`.
pub(crate) fn area(input: &[u8]) {
    let Some((&how, rest)) = input.split_first() else {
        return;
    };
    let mut area = if how & 0x80 == 0 {
        patched(&OWN.area, patches(rest))
    } else {
        rest.to_vec()
    };
    area.resize(AREA, 0);
    let trust = finish(&mut area, how);
    for credential in [&OWN.key, &Credential::Clear] {
        let Ok(opened) = open_information_area(&area, credential) else {
            continue;
        };
        assert!(!opened.facts().description.contains('\0'));
        if trust == Trust::Nobody {
            // What somebody without the volume master key alters is noticed, or makes no difference.
            assert!(says_the_same(&opened), "altered metadata was believed");
        }
    }
}

/// The first byte as in [`area`], without 0x80. The rest are patches of a volume of ours: kinds 0 and 1 as there, in all
/// three areas; 2 to 4 = put into one of them, after its checksums are made; 5 = the boot sector; 6 = the volume is cut
/// at `place` times 1024 bytes.
pub(crate) fn volume(input: &[u8]) {
    let Some((&how, rest)) = input.split_first() else {
        return;
    };
    let own = &*OWN;
    let mut shared = patched(&own.area, patches(rest).filter(|patch| patch.kind < 2));
    shared.resize(AREA, 0);
    finish(&mut shared, how);
    let mut areas = [shared.clone(), shared.clone(), shared];
    let mut boot = own.disk.get(..512).unwrap_or_default().to_vec();
    let mut end = own.disk.len();
    for patch in patches(rest) {
        match patch.kind {
            2..=4 => {
                let index = usize::from(patch.kind.saturating_sub(2));
                put(&mut areas[index], usize::from(patch.offset), patch.bytes);
            }
            5 => put(&mut boot, usize::from(patch.offset) % 512, patch.bytes),
            6 => end = end.min(usize::from(patch.place).saturating_mul(1024)),
            _ => {}
        }
    }
    let mut disk = Overlay::new(own.disk.get(..end).unwrap_or_default(), 4);
    for (place, area) in own.regions.information.iter().zip(&areas) {
        disk.put(*place, area);
    }
    disk.put(0, &boot);
    for credential in [&own.key, &Credential::Clear] {
        if let Ok(view) = UnlockedVolume::unlock(&disk, credential) {
            read_everywhere(&view);
        }
    }
}

/// Reads around every border that the metadata name: on a volume that opened, no byte is out of reach.
fn read_everywhere(view: &UnlockedVolume<&Overlay<'_>>) {
    let facts = view.facts();
    let mut buffer = vec![0; 9000];
    let last = view.bytes().saturating_sub(9000);
    let places = [
        0,
        511,
        facts.header_bytes,
        facts.header,
        facts.encrypted_bytes,
    ];
    for place in places.into_iter().chain(facts.information) {
        let at = place.saturating_sub(4500).min(last);
        view.read_at(at, &mut buffer).expect("inside the volume");
    }
}

/// Who vouches for an area.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Nobody,
    Owner,
}

/// Makes right what is to be made right.
fn finish(area: &mut [u8], how: u8) -> Trust {
    let block = usize::try_from(number::<2>(area, 8).saturating_mul(16)).unwrap_or(0);
    if block < 64 || block.saturating_add(VALIDATION) > AREA {
        return Trust::Nobody;
    }
    let trust = match how & 0x7f {
        0 => return Trust::Nobody,
        1 => Trust::Nobody,
        _ => {
            let hash = Sha256::digest(area.get(..block).unwrap_or_default());
            let sealed = sealed(&OWN.secrets.volume_master_key, METADATA_HASH, &hash);
            put(area, block.saturating_add(16), &sealed);
            Trust::Owner
        }
    };
    let sum = crc32fast::hash(area.get(..block).unwrap_or_default());
    put(area, block.saturating_add(4), &sum.to_le_bytes());
    trust
}

fn patched<'a>(area: &[u8], patches: impl Iterator<Item = Patch<'a>>) -> Vec<u8> {
    let block = usize::try_from(number::<2>(area, 8).saturating_mul(16)).unwrap_or(0);
    let datums = usize::try_from(number::<4>(area, 64)).unwrap_or(0);
    let list_end = datums.saturating_add(64);
    let validation = area.get(block..block.saturating_add(VALIDATION));
    let mut found = area.get(..list_end).unwrap_or_default().to_vec();
    let mut later = Vec::new();
    for patch in patches {
        if patch.kind == 1 {
            found.extend_from_slice(patch.bytes);
        } else {
            later.push(patch);
        }
    }
    let bytes = u32::try_from(found.len().saturating_sub(64)).unwrap_or(0);
    found.resize(found.len().next_multiple_of(16), 0);
    let units = u16::try_from(found.len().div_ceil(16)).unwrap_or(0);
    put(&mut found, 8, &units.to_le_bytes());
    put(&mut found, 64, &bytes.to_le_bytes());
    put(&mut found, 76, &bytes.to_le_bytes());
    let to_end = u16::try_from(AREA.saturating_sub(found.len())).unwrap_or(0);
    found.extend_from_slice(&to_end.to_le_bytes());
    // Behind its length, which is that of all that follows.
    found.extend_from_slice(
        validation
            .and_then(|found| found.get(2..))
            .unwrap_or_default(),
    );
    found.resize(AREA, 0);
    for patch in later {
        put(&mut found, usize::from(patch.offset), patch.bytes);
    }
    found
}

fn says_the_same(opened: &OpenedArea) -> bool {
    let before = open_information_area(&OWN.area, &OWN.key).expect("it opens");
    opened.facts() == before.facts() && opened.volume_key() == before.volume_key()
}

/// A volume of ours, with secrets that are none.
struct Own {
    secrets: Secrets,
    key: Credential,
    area: Vec<u8>,
    regions: Regions,
    disk: Vec<u8>,
}

static OWN: LazyLock<Own> = LazyLock::new(Own::new);

impl Own {
    fn new() -> Self {
        let mut state = 0x2b_u8;
        let protectors = Protectors {
            external_key: true,
            passphrase: None,
        };
        let secrets = Secrets::from_random(Cipher::XtsAes128, &protectors, &mut |bytes| {
            for byte in bytes {
                state = state.wrapping_mul(5).wrapping_add(0x2b);
                *byte = state;
            }
        });
        let spec = VolumeSpec {
            volume_bytes: VOLUME_BYTES,
            sector: SectorSize::B512,
            cipher: Cipher::XtsAes128,
            regions: Regions::new(VOLUME_BYTES, 4096).expect("large enough"),
            created: 0x01d5_3236_6fba_4123,
            description: "a target".to_owned(),
        };
        let area = seal(&spec, &secrets)
            .expect("no contradiction")
            .information_area;
        let key = secrets.external_key.expect("asked for");
        Self {
            disk: disk(&spec, &secrets, &area),
            key: Credential::ExternalKey(key),
            secrets,
            area,
            regions: spec.regions,
        }
    }
}

fn disk(spec: &VolumeSpec, secrets: &Secrets, area: &[u8]) -> Vec<u8> {
    let index = |at: u64| usize::try_from(at).expect("a small volume");
    let mut disk = vec![0; index(VOLUME_BYTES)];
    let mut header = vec![0x5a; index(HEADER_BYTES)];
    put(&mut header, 0x0b, &[0, 2]);
    let ntfs = header.first_chunk::<512>().expect("longer");
    put(&mut disk, 0, &boot_sector(ntfs, &spec.regions));
    for place in spec.regions.information {
        put(&mut disk, index(place), area);
    }
    let cipher = SectorCipher::new(spec.cipher, &secrets.volume_key, spec.sector);
    cipher
        .expect("its own key")
        .encrypt(spec.regions.header / SECTOR_BYTES, &mut header);
    put(&mut disk, index(spec.regions.header), &header);
    disk
}

/// Returns the datum of a protector that stores its key in the clear: our volumes have none, Windows' suspended ones do.
/// Source: bitlocker.md parts 3.3 and 5.
#[must_use]
pub fn clear_key_protector() -> Vec<u8> {
    let key = [0x33; 32];
    let stored = datum(0, 1, &[&CLEAR_KEY.to_le_bytes()[..], &key].concat());
    let master_key = sealed(&key, MASTER_KEY, &OWN.secrets.volume_master_key);
    let fixed = [&[0x44; 16][..], &[0; 12]].concat();
    datum(2, 8, &[fixed, stored, datum(0, 5, &master_key)].concat())
}

fn datum(role: u16, kind: u16, body: &[u8]) -> Vec<u8> {
    let size = u16::try_from(body.len().saturating_add(8)).expect("short");
    let mut bytes = Vec::new();
    for field in [size, role, kind, 1] {
        bytes.extend_from_slice(&field.to_le_bytes());
    }
    bytes.extend_from_slice(body);
    bytes
}

/// Returns nonce, MAC and encrypted container of `key`. Source: bitlocker.md part 4.
fn sealed(by: &[u8; 32], algorithm: u32, key: &[u8]) -> Vec<u8> {
    let mut container = Vec::new();
    let size = u16::try_from(key.len().saturating_add(12)).expect("short");
    for field in [size, 0, 1, 0] {
        container.extend_from_slice(&field.to_le_bytes());
    }
    container.extend_from_slice(&algorithm.to_le_bytes());
    container.extend_from_slice(key);
    let nonce = [7; 12];
    let mac = Ccm::<Aes256, U16, U12>::new(by.into())
        .encrypt_inout_detached(&nonce.into(), b"", container.as_mut_slice().into())
        .expect("short");
    [&nonce[..], &mac, &container].concat()
}

const VOLUME_BYTES: u64 = 44 << 20;
/// Of the volume above.
const SECTOR_BYTES: u64 = 512;
const CLEAR_KEY: u32 = 0x2000;
const MASTER_KEY: u32 = 0x2003;
const METADATA_HASH: u32 = 0x2005;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_resealed_by_its_owner_opens_with_both_keys_and_a_changed_one_does_not() {
        let clear = clear_key_protector();
        let appended: Vec<u8> = clear
            .chunks(16)
            .flat_map(|bytes| {
                let patch = Patch {
                    kind: 1,
                    place: 0,
                    offset: 0,
                    bytes,
                };
                patch.to_bytes()
            })
            .collect();
        let mut area = patched(&OWN.area, patches(&appended));
        assert!(open_information_area(&area, &OWN.key).is_err());
        assert!(finish(&mut area, 2) == Trust::Owner);
        for credential in [&OWN.key, &Credential::Clear] {
            let opened = open_information_area(&area, credential).expect("authentic");
            assert!(says_the_same(&opened) || opened.facts().protectors.len() > 2);
        }
        put(&mut area, 200, &[0xee]);
        assert!(finish(&mut area, 1) == Trust::Nobody);
        assert!(open_information_area(&area, &OWN.key).is_err());
    }

    #[test]
    fn the_volume_that_is_changed_opens_when_it_is_not() {
        let view = UnlockedVolume::unlock(&OWN.disk, &OWN.key).expect("opens");
        let mut first = [0; 16];
        view.read_at(16, &mut first).expect("inside");
        assert_eq!(first, [0x5a; 16]);
    }
}
