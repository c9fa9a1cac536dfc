//! Volumes that Windows made: we open all of them, and given their secrets we make their metadata
//! again byte for byte.
//!
//! They are no part of this repository; where `../shared/windows-bitlocker` is absent, these tests
//! say that they skipped.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::arithmetic_side_effects,
    reason = "tests that read files, with numbers of our own"
)]

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use disk::{ReadAt, ReadError};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zerocopy::FromBytes;
use zeroize::Zeroizing;

use crate::metadata::{
    Area, DatasetHeader, Datum, Entry, Extended, ExtendedInfo, HEADERS, InformationHeader, Lock,
    Protector, ProtectorBody, UNIT, kind, protection, role,
};
use crate::sealed::{Nonce, open};
use crate::stretch::Initial;
use crate::testing::hex;
use crate::*;

const PASSPHRASE: &str = "anaconda";

/// Name, recovery password, and the SHA-256 of the whole decrypted volume, taken by the Linux
/// kernel's dm-crypt.
const VOLUMES: [(&str, Cipher, &str, &str); 8] = [
    (
        "bitlk-aes-cbc-128",
        Cipher::CbcAes128,
        "042647-302313-590458-071500-554323-116567-412181-516978",
        "04500a8120ba355ed206284e03e26e59b7e1f1832868e1d69bb47023ebd3460f",
    ),
    (
        "bitlk-aes-xts-128",
        Cipher::XtsAes128,
        "235818-357951-253979-013365-241120-245575-342914-591910",
        "674e3a976927fd62f3fc26df2c695cac75b8d364e3b45393717efa971f16db0f",
    ),
    (
        "bitlk-aes-xts-256",
        Cipher::XtsAes256,
        "404558-436711-420860-678557-638220-018909-039941-695321",
        "5bb6ff5acbded10be990c6fa208ab479934a08bc2e88740a1aa2642af2f42025",
    ),
    (
        "bitlk-aes-cbc-elephant-128",
        Cipher::CbcElephant128,
        "529573-278784-259347-197835-171457-264044-610280-313269",
        "b18e4f956295bc0f327e551322261fb9c74ac0d3ce58bf3b806e98474e1619ea",
    ),
    (
        "bitlk-togo-aes-cbc-128",
        Cipher::CbcAes128,
        "607552-529496-550902-707531-545787-248358-370216-060401",
        "3fb19a2b9cf89962216cc7b27f7127ea7f241c39b7b340d7431a232f81c36eb1",
    ),
    (
        "bitlk-aes-xts-128-4k",
        Cipher::XtsAes128,
        "486552-140030-675719-163900-264671-413787-580239-152614",
        "b4c0416ae643537207413ed78d4bcadae697bb86a6262864ac00afda01312277",
    ),
    (
        "bitlk-aes-xts-128-startup-key",
        Cipher::XtsAes128,
        "363770-230505-096371-652674-567006-579150-291038-408111",
        "bbb68369d8f7badb2c2330349d9d0cf12e68f54eece25e718d2bb13feba23f7a",
    ),
    (
        "bitlk-aes-xts-128-clearkey-only",
        Cipher::XtsAes128,
        "",
        "f574a5254d31e9f27dc4ee440290875886c6c569cf02dc100e91a5c0cddaa4e1",
    ),
];

const STARTUP_KEY: &str = "4381F759-C4F8-4DE0-BB61-FC33A831BDA5.BEK";

/// The images, unpacked into a folder of their own.
struct Images(TempDir);

impl Images {
    fn unpack(test: &str) -> Option<Self> {
        let packed = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/windows-bitlocker/images.tar.xz");
        if !packed.is_file() {
            println!("skipped: {test} (no {})", packed.display());
            return None;
        }
        let folder = TempDir::new().expect("a temporary folder");
        let unpacked = Command::new("tar")
            .arg("xJSf")
            .arg(&packed)
            .arg("-C")
            .arg(folder.path())
            .status();
        assert!(unpacked.is_ok_and(|status| status.success()), "tar failed");
        Some(Self(folder))
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).expect("an unpacked file")
    }

    fn disk(&self, name: &str) -> FileDisk {
        let file = File::open(self.0.path().join(name)).expect("an unpacked file");
        let bytes = file.metadata().expect("a length").len();
        let file = Mutex::new(file);
        FileDisk { file, bytes }
    }

    /// Every volume with every credential that its README names.
    fn volumes(&self) -> impl Iterator<Item = Volume> {
        VOLUMES.into_iter().map(|(name, cipher, digits, hash)| {
            let disk = self.disk(&format!("{name}.img"));
            let mut credentials = Vec::new();
            if !digits.is_empty() {
                let password = digits.parse().expect("genuine");
                credentials.push(Credential::RecoveryPassword(password));
            }
            match name {
                "bitlk-aes-xts-128-startup-key" => {
                    let file = self.file(STARTUP_KEY);
                    let key = ExternalKeyFile::parse(&file).expect("genuine").key;
                    credentials.push(Credential::ExternalKey(key));
                    credentials.push(Credential::BekFile(file));
                }
                "bitlk-aes-xts-128-clearkey-only" => credentials.push(Credential::Clear),
                _ => credentials.push(Credential::Passphrase(PASSPHRASE.to_owned())),
            }
            Volume {
                name,
                cipher,
                hash,
                disk,
                credentials,
            }
        })
    }
}

/// A file, read where it is asked for.
struct FileDisk {
    file: Mutex<File>,
    bytes: u64,
}

impl ReadAt for FileDisk {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let bytes = u64::try_from(into.len()).expect("small");
        let mut file = self.file.lock().expect("no reader panicked");
        file.seek(SeekFrom::Start(at))
            .and_then(|_| file.read_exact(into))
            .map_err(|error| ReadError {
                at,
                bytes,
                cause: error.to_string(),
            })
    }
}

struct Volume {
    name: &'static str,
    cipher: Cipher,
    hash: &'static str,
    disk: FileDisk,
    credentials: Vec<Credential>,
}

impl Volume {
    fn unlocked(&self) -> UnlockedVolume<&FileDisk> {
        UnlockedVolume::unlock(&self.disk, &self.credentials[0]).expect("opens")
    }

    fn is_ntfs(&self) -> bool {
        !self.name.contains("togo")
    }

    fn read(&self, at: u64, bytes: usize) -> Vec<u8> {
        let mut read = vec![0; bytes];
        self.disk.read_at(at, &mut read).expect("inside");
        read
    }
}

fn hash(view: &impl ReadAt) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 4 << 20];
    let mut at = 0;
    while at < view.bytes() {
        let count =
            usize::try_from(view.bytes() - at).map_or(buffer.len(), |left| left.min(buffer.len()));
        view.read_at(at, &mut buffer[..count]).expect("inside");
        hash.update(&buffer[..count]);
        at += u64::try_from(count).expect("small");
    }
    hash.finalize().to_vec()
}

#[test]
fn every_windows_volume_opens_with_every_credential_and_decrypts_to_the_kernels_hash() {
    let Some(images) = Images::unpack("Windows volumes") else {
        return;
    };
    for volume in images.volumes() {
        for (number, credential) in volume.credentials.iter().enumerate() {
            let name = volume.name;
            let unlocked = UnlockedVolume::unlock(&volume.disk, credential)
                .unwrap_or_else(|error| panic!("{name} {credential:?}: {error}"));
            assert_eq!(unlocked.cipher(), volume.cipher, "{name}");
            assert_eq!(
                unlocked.copies(),
                &[CopyState::Good, CopyState::Good, CopyState::Good]
            );
            let spare = unlocked.regions().map(|regions| regions.spare.is_some());
            let of_windows_7 = name.contains("elephant");
            assert_eq!(spare, volume.is_ntfs().then_some(!of_windows_7), "{name}");
            if number == 0 {
                assert_eq!(hash(&unlocked), hex(volume.hash), "{name}");
            }
        }
    }
}

#[test]
fn every_windows_volume_keeps_its_recovery_password_for_whoever_has_unlocked_it() {
    let Some(images) = Images::unpack("recovery passwords of Windows volumes") else {
        return;
    };
    for volume in images.volumes() {
        let last = volume.credentials.last().expect("one");
        let unlocked = UnlockedVolume::unlock(&volume.disk, last).expect("opens");
        let kept = unlocked
            .opened()
            .recovery_password()
            .map(|password| password.reveal().to_string());
        let known = VOLUMES.iter().find(|(name, ..)| *name == volume.name);
        let known = known
            .map(|(_, _, digits, _)| *digits)
            .filter(|digits| !digits.is_empty());
        assert_eq!(kept.as_deref(), known, "{}", volume.name);
    }
}

#[test]
fn any_piece_of_the_view_equals_the_whole() {
    let Some(images) = Images::unpack("pieces of Windows volumes") else {
        return;
    };
    for volume in images.volumes() {
        let unlocked = volume.unlocked();
        let facts = unlocked.facts();
        let mut borders = vec![0, facts.header_bytes, facts.header, unlocked.bytes()];
        borders.extend(facts.information);
        for border in borders {
            // Read once on sector borders, then in pieces that respect none.
            let start = border.saturating_sub(1 << 20);
            let end = unlocked.bytes().min(border + (2 << 20));
            let mut whole = vec![0; usize::try_from(end - start).expect("small")];
            unlocked.read_at(start, &mut whole).expect("inside");
            let pieces = [
                (0, 1),
                (1, 2),
                (700, 1400),
                (5000, 70_003),
                (9, 9),
                (513, 1_100_000),
            ];
            for (before, count) in pieces {
                let at = border.saturating_sub(before);
                let count = usize::try_from((end - at).min(count)).expect("small");
                let mut piece = vec![0xee; count];
                unlocked.read_at(at, &mut piece).expect("inside");
                let at = usize::try_from(at - start).expect("small");
                assert!(
                    piece == whole[at..at + count],
                    "{} {border:#x}",
                    volume.name
                );
            }
        }
        assert!(unlocked.read_at(unlocked.bytes(), &mut [0]).is_err());
        assert!(unlocked.read_at(u64::MAX, &mut [0; 2]).is_err());
        assert!(unlocked.read_at(unlocked.bytes(), &mut []).is_ok());
    }
}

#[test]
fn given_the_secrets_of_a_windows_volume_we_make_its_metadata_byte_for_byte() {
    let Some(images) = Images::unpack("metadata of Windows volumes") else {
        return;
    };
    let mut made = 0;
    for volume in images.volumes().filter(Volume::is_ntfs) {
        let unlocked = volume.unlocked();
        let opened = unlocked.opened();
        let genuine = volume.read(unlocked.facts().information[0], 65_536);
        let described = describe(&genuine, opened.volume_master_key());
        let ours = described.to_bytes(opened.volume_master_key(), opened.volume_key());
        let differs = ours
            .iter()
            .zip(&genuine)
            .position(|(ours, theirs)| ours != theirs);
        assert_eq!((ours.len(), differs), (65_536, None), "{}", volume.name);
        made += 1;
    }
    assert_eq!(made, 7);
}

#[test]
fn the_boot_sector_of_a_windows_volume_is_ours_but_for_microsofts_code() {
    let Some(images) = Images::unpack("boot sectors of Windows volumes") else {
        return;
    };
    for volume in images.volumes().filter(Volume::is_ntfs) {
        let unlocked = volume.unlocked();
        let mut ntfs = [0; 512];
        unlocked.read_at(0, &mut ntfs).expect("inside");
        let facts = unlocked.facts();
        let regions = Regions {
            information: facts.information,
            header: facts.header,
            spare: facts.spare,
        };
        let ours = boot_sector(&ntfs, &regions);
        for (place, (ours, theirs)) in ours.iter().zip(&volume.read(0, 512)).enumerate() {
            let code = (0x5a..0xa0).contains(&place) || (0x100..0x198).contains(&place);
            assert!(code || ours == theirs, "{} byte {place:#x}", volume.name);
        }
    }
}

#[test]
fn the_key_file_that_windows_wrote_is_made_byte_for_byte() {
    let Some(images) = Images::unpack("key file of Windows") else {
        return;
    };
    let genuine = images.file(STARTUP_KEY);
    let file = ExternalKeyFile::parse(&genuine).expect("genuine");
    assert_eq!(file.name(), STARTUP_KEY);
    assert!(*file.to_bytes() == genuine);
}

#[test]
fn our_regions_are_those_of_the_windows_volume_that_had_the_space_free() {
    let Some(images) = Images::unpack("regions of Windows volumes") else {
        return;
    };
    let name = "bitlk-aes-xts-128-startup-key";
    let volume = images.volumes().find(|volume| volume.name == name);
    let volume = volume.expect("in the table");
    let regions = Regions::new(volume.disk.bytes(), 4096).expect("large enough");
    assert_eq!(volume.unlocked().regions(), Some(regions));
}

/// Reads an area of Windows into the description that ours are made from.
fn describe(bytes: &[u8], master_key: &[u8; 32]) -> Area {
    let (header, rest) = InformationHeader::ref_from_prefix(bytes).expect("a header");
    let (dataset, _) = DatasetHeader::ref_from_prefix(rest).expect("a header");
    let end = 64 + usize::try_from(dataset.size.get()).expect("small");
    let mut sector_bytes = 512;
    let entries = Datum::list(&bytes[HEADERS..end])
        .map(|datum| {
            let datum = datum.expect("genuine");
            match datum.role {
                role::DESCRIPTION => Entry::Description(datum.text()),
                role::PROTECTOR => Entry::Protector(Box::new(protector(&datum, master_key))),
                role::VOLUME_KEY => Entry::VolumeKey(nonce(&datum)),
                role::VIRTUALIZATION => {
                    let extended = ExtendedInfo::ref_from_bytes(&datum.body[16..]).ok();
                    Entry::Virtualization(extended.map(|info| {
                        sector_bytes = info.sector_bytes[0].get();
                        Extended {
                            flags: info.flags.get(),
                            os_build: info.os_build.get(),
                            spare: info.spare.get(),
                        }
                    }))
                }
                role => panic!("role {role}"),
            }
        })
        .collect();
    let validation = usize::from(header.size.get()) * UNIT + 8;
    let validation = Datum::list(&bytes[validation..])
        .next()
        .expect("one")
        .expect("genuine");
    Area {
        volume_bytes: header.encrypted_bytes.get(),
        sector_bytes,
        information: header.information.map(zerocopy::little_endian::U64::get),
        header: header.header.get(),
        volume: Guid(dataset.volume),
        cipher: Cipher::from_method(dataset.method.get()).expect("known"),
        method_again: dataset.method_again.get() != 0,
        created: dataset.created.get(),
        entries,
        validation: nonce(&validation),
    }
}

fn nonce(datum: &Datum<'_>) -> Nonce {
    Nonce {
        time: u64::from_le_bytes(datum.body[..8].try_into().expect("8")),
        counter: u32::from_le_bytes(datum.body[8..12].try_into().expect("4")),
    }
}

fn protector(datum: &Datum<'_>, master_key: &[u8; 32]) -> Protector {
    let (body, _) = ProtectorBody::ref_from_prefix(datum.body).expect("a body");
    let nested = |wanted: u16| datum.nested(28).find(|datum| datum.kind == wanted);
    let opened = |sealed: &Datum<'_>| open(master_key, sealed.body).expect("a backup").key;
    let key32 = |sealed: &Datum<'_>| {
        Zeroizing::new(<[u8; 32]>::try_from(opened(sealed).as_slice()).expect("32 bytes"))
    };
    let stretch = nested(kind::STRETCH_KEY);
    let salt = || {
        stretch.expect("a stretch").body[4..20]
            .try_into()
            .expect("16")
    };
    let backups: Vec<Datum<'_>> = stretch
        .iter()
        .flat_map(|stretch| stretch.nested(20))
        .collect();
    let (key, lock) = match body.protection.get() {
        protection::RECOVERY_PASSWORD => {
            let password = RecoveryKey(opened(&backups[0]).as_slice().try_into().expect("16"));
            let key = match backups.get(1) {
                Some(backup) => key32(backup),
                None => Initial::of_recovery(&password).stretch(&salt()),
            };
            let lock = Lock::RecoveryPassword {
                salt: salt(),
                password,
                password_backup: nonce(&backups[0]),
                key_backup: backups.get(1).map(nonce),
            };
            (key, lock)
        }
        protection::PASSPHRASE => {
            let key_backup = nonce(&backups[0]);
            let salt = salt();
            (key32(&backups[0]), Lock::Passphrase { salt, key_backup })
        }
        protection::EXTERNAL_KEY => {
            let use_key = nested(kind::USE_KEY).expect("a key");
            let backup = use_key.nested(4).next().expect("a backup");
            let key_backup = nonce(&backup);
            (key32(&backup), Lock::ExternalKey { key_backup })
        }
        protection::CLEAR => {
            let key = nested(kind::KEY).expect("a key").body[4..].try_into();
            (Zeroizing::new(key.expect("32 bytes")), Lock::Clear)
        }
        other => panic!("protection {other}"),
    };
    let backed_up = nested(kind::BACKUP_INFO).map(|info| {
        [0, 8].map(|at| u64::from_le_bytes(info.body[at..at + 8].try_into().expect("8")))
    });
    Protector {
        id: Guid(body.id),
        changed: body.changed.get(),
        key,
        nonce: nonce(&nested(kind::SEALED).expect("a master key")),
        lock,
        backed_up,
    }
}
