//! Volumes of ours that open, and that must not: damaged, altered, impossible.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of our own, in tests"
)]

use std::sync::LazyLock;

use disk::{MemDisk, ReadAt, SectorSize};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::metadata::{AREA, datum};
use crate::sealed::{Nonce, algorithm, seal};
use crate::testing::OwnVolume;
use crate::*;

fn own() -> OwnVolume {
    // Made once: its key stretch takes as long as everything else here.
    static OWN: LazyLock<OwnVolume> =
        LazyLock::new(|| OwnVolume::new(Cipher::XtsAes128, SectorSize::B512, None));
    OWN.clone()
}

/// Bytes of the information block of an area of ours.
fn block_bytes(area: &[u8]) -> usize {
    16 * usize::from(u16::from_le_bytes([area[8], area[9]]))
}

/// Makes the CRC right again, as anyone can who alters metadata.
fn with_crc(mut area: Vec<u8>, block: usize) -> Vec<u8> {
    let crc = crc32fast::hash(&area[..block]);
    area[block + 4..block + 8].copy_from_slice(&crc.to_le_bytes());
    area
}

/// Makes the sealed hash right too, as only the owner of the volume master key can.
fn authentic(mut area: Vec<u8>, block: usize, secrets: &Secrets) -> Vec<u8> {
    let nonce = Nonce {
        time: 1,
        counter: 99,
    };
    let hash = Sha256::digest(&area[..block]);
    let key = &secrets.volume_master_key;
    let sealed = seal(key, nonce, algorithm::METADATA_HASH, &hash);
    area[block + 16..block + 88].copy_from_slice(&sealed);
    with_crc(area, block)
}

fn put(area: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut area = area.to_vec();
    area[at..at + bytes.len()].copy_from_slice(bytes);
    area
}

/// Reads the view around every border, as whoever opened the volume would.
fn read_everywhere(view: &UnlockedVolume<&MemDisk>) {
    let facts = view.facts();
    let mut buffer = vec![0; 9000];
    let mut places = vec![
        0,
        511,
        facts.header_bytes,
        facts.header,
        facts.encrypted_bytes,
    ];
    places.extend(facts.information);
    for place in places {
        let at = place.saturating_sub(4500).min(view.bytes() - 9000);
        view.read_at(at, &mut buffer).expect("inside");
    }
}

#[test]
fn a_volume_of_ours_opens_with_each_of_its_credentials_and_reads_as_it_was_written() {
    for cipher in Cipher::CREATED {
        for sector in [SectorSize::B512, SectorSize::B4096] {
            let volume = OwnVolume::new(cipher, sector, Some("correct horse"));
            let (_, bek) = volume.sealed.external_key_file.clone().expect("asked for");
            for credential in [
                Credential::RecoveryPassword(volume.sealed.recovery_password.clone()),
                Credential::Passphrase("correct horse".to_owned()),
                volume.external_key(),
                Credential::BekFile(bek.to_vec()),
            ] {
                let view = volume.unlock(&credential).expect("opens");
                assert_eq!((view.cipher(), view.sector()), (cipher, sector));
                assert_eq!(view.regions(), Some(volume.spec.regions));
                assert_eq!(view.opened().volume_key(), &volume.secrets.volume_key[..]);
                assert_eq!(
                    view.opened().recovery_password(),
                    Some(&volume.sealed.recovery_password)
                );
                for at in [
                    0,
                    60_000,
                    volume.spec.regions.spare.expect("a new volume has one"),
                    OwnVolume::BYTES - 5000,
                ] {
                    let mut found = vec![0; 5000];
                    view.read_at(at, &mut found).expect("inside");
                    let plain: Vec<u8> = (at..at + 5000).map(|at| volume.plain(at)).collect();
                    assert!(found == plain, "{cipher} {sector:?} {at:#x}");
                }
                let mut found = vec![1; 8192];
                view.read_at(volume.spec.regions.header, &mut found)
                    .expect("inside");
                assert_eq!(found, [0; 8192]);
            }
        }
    }
}

#[test]
fn a_wrong_credential_is_told_from_one_of_a_kind_that_the_volume_lacks() {
    let volume = own();
    let kind = |credential| volume.unlock(&credential).expect_err("must not open");
    let other = "000000-000000-000000-000000-000000-000000-000000-000011";
    assert_eq!(
        kind(Credential::RecoveryPassword(
            other.parse().expect("well formed")
        )),
        UnlockError::WrongCredential {
            kind: ProtectorKind::RecoveryPassword,
            tried: 1
        }
    );
    assert_eq!(
        kind(Credential::Passphrase("correct horse".to_owned())).to_string(),
        "a passphrase does not open this volume; what does: recovery password, external key"
    );
    assert!(matches!(
        kind(Credential::ExternalKey([0; 32])),
        UnlockError::WrongCredential { .. }
    ));
    let stranger = ExternalKeyFile {
        protector: Guid([1; 16]),
        created: 0,
        changed: 0,
        key: [2; 32],
    };
    assert_eq!(
        kind(Credential::BekFile(stranger.to_bytes().to_vec())),
        UnlockError::KeyFileOfOther {
            found: Guid([1; 16])
        }
    );
    assert!(matches!(
        kind(Credential::BekFile(vec![0; 156])),
        UnlockError::KeyFile(_)
    ));
    assert!(matches!(
        kind(Credential::Clear),
        UnlockError::NoSuchProtector { .. }
    ));
}

#[test]
fn one_whole_copy_is_enough_and_the_others_are_reported() {
    for whole in 0..3 {
        let mut volume = own();
        let places = volume.spec.regions.information;
        for (index, place) in places.into_iter().enumerate() {
            if index != whole {
                volume.write(place + 200, &[0xff; 4]);
            }
        }
        let view = volume.unlock(&volume.external_key()).expect("opens");
        for (index, state) in view.copies().iter().enumerate() {
            let expected = matches!(state, CopyState::Good) == (index == whole);
            assert!(expected, "copy {index} of {whole}: {state:?}");
        }
    }
    let mut volume = own();
    volume.set_areas(&[0; AREA]);
    let error = volume.unlock(&volume.external_key()).expect_err("no copy");
    assert!(matches!(error, UnlockError::NoGoodCopy { faults } if faults.len() == 3));
}

#[test]
fn a_copy_that_is_right_by_its_checksum_but_not_by_its_hash_is_passed_over() {
    let mut volume = own();
    let area = volume.sealed.information_area.clone();
    let block = block_bytes(&area);
    let forged = with_crc(put(&area, 16, &(32_u64 << 20).to_le_bytes()), block);
    volume.write(volume.spec.regions.information[0], &forged);
    let view = volume.unlock(&volume.external_key()).expect("opens");
    assert_eq!(view.facts().encrypted_bytes, OwnVolume::BYTES);
    assert_eq!(view.copies()[0], CopyState::Fault(CopyFault::SealedHash));
    volume.write(volume.spec.regions.information[0], &area);
    volume.write(volume.spec.regions.information[2], &forged);
    let view = volume.unlock(&volume.external_key()).expect("opens");
    assert_eq!(view.copies()[2], CopyState::Differs);
}

/// The matrix of bitlocker.md part 16: each of these fools at least one other reader.
#[test]
fn metadata_altered_by_someone_without_the_key_is_refused() {
    let volume = own();
    let area = &volume.sealed.information_area;
    let block = block_bytes(area);
    let altered: [(&str, usize, &[u8]); 5] = [
        ("description", 122, b"X"),
        ("encrypted size", 16, &(16_u64 << 20).to_le_bytes()),
        ("method", 100, &0x8005_u16.to_le_bytes()),
        ("virtualized sectors", 28, &[0; 4]),
        ("header place", 56, &[0; 8]),
    ];
    for (what, at, bytes) in altered {
        let mut volume = own();
        volume.set_areas(&with_crc(put(area, at, bytes), block));
        let error = volume.unlock(&volume.external_key()).expect_err(what);
        let UnlockError::NoGoodCopy { faults } = error else {
            panic!("{what}: {error}");
        };
        assert_eq!(faults, [const { CopyFault::SealedHash }; 3], "{what}");
        volume.set_areas(&put(area, at, bytes));
        let error = volume.unlock(&volume.external_key()).expect_err(what);
        let UnlockError::NoGoodCopy { faults } = error else {
            panic!("{what}: {error}");
        };
        assert!(matches!(faults[0], CopyFault::Checksum { .. }), "{what}");
    }
}

#[test]
fn authentic_metadata_that_cannot_be_is_refused_in_words() {
    let area = own().sealed.information_area;
    let block = block_bytes(&area);
    let refused = |at: usize, bytes: &[u8]| {
        let mut volume = own();
        let area = authentic(put(&area, at, bytes), block, &volume.secrets);
        volume.set_areas(&area);
        volume
            .unlock(&volume.external_key())
            .expect_err("impossible")
    };
    let long = |number: u64| number.to_le_bytes();
    for state in [0_u8, 1, 2, 3, 5, 0xff] {
        assert_eq!(refused(12, &[state]), UnlockError::Converting);
        assert_eq!(refused(14, &[state]), UnlockError::Converting);
    }
    assert_eq!(refused(24, &[1]), UnlockError::Converting);
    for bytes in [OwnVolume::BYTES + 512, u64::MAX, 1 << 63] {
        assert!(matches!(refused(16, &long(bytes)), UnlockError::Cut { .. }));
    }
    for bytes in [0, 1, 512, 8191, OwnVolume::BYTES - 1, 1 << 20] {
        let error = refused(16, &long(bytes));
        assert!(
            matches!(error, UnlockError::Unsupported { .. }),
            "{bytes}: {error}"
        );
    }
    for sectors in [0_u32, 1, 2, 15, 17, u32::MAX] {
        let error = refused(28, &sectors.to_le_bytes());
        assert!(
            matches!(error, UnlockError::Unsupported { .. }),
            "{sectors}: {error}"
        );
    }
    let regions = own().spec.regions;
    for place in [
        0,
        1,
        4096,
        regions.information[0],
        regions.information[1] - 512,
        1 << 63,
        u64::MAX,
    ] {
        for at in [48, 56] {
            let error = refused(at, &long(place));
            assert!(
                matches!(error, UnlockError::Unsupported { .. }),
                "{place:#x}: {error}"
            );
        }
    }
}

#[test]
fn a_volume_whose_end_is_missing_is_refused() {
    let volume = own();
    let mut bytes = vec![0; 43 << 20];
    volume.disk.read_at(0, &mut bytes).expect("inside");
    let error = UnlockedVolume::unlock(bytes, &volume.external_key()).expect_err("cut");
    assert_eq!(
        error,
        UnlockError::Cut {
            volume_bytes: 43 << 20,
            encrypted_bytes: 44 << 20
        }
    );
}

#[test]
fn what_is_no_finished_volume_is_refused_in_words() {
    let key = Credential::Clear;
    let refused = |disk: &[u8]| UnlockedVolume::unlock(disk.to_vec(), &key).expect_err("no volume");
    assert_eq!(refused(&[]), UnlockError::NotBitLocker);
    assert_eq!(refused(&[0; 1000]), UnlockError::NotBitLocker);
    let mut volume = own();
    volume.write(
        0xa0,
        b"\x3b\x4d\xa8\x92\x80\xdd\x0e\x4d\x9e\x4e\xb1\xe3\x28\x4e\xae\xd8",
    );
    let error = volume
        .unlock(&volume.external_key())
        .expect_err("converting");
    assert_eq!(error, UnlockError::Converting);
    volume.write(0xa0, &[0; 16]);
    volume.write(1, &[0x52]);
    let error = volume.unlock(&volume.external_key()).expect_err("old");
    assert_eq!(error, UnlockError::Vista);
}

#[test]
fn offsets_in_the_boot_sector_that_lead_nowhere_are_faults_of_their_copies() {
    for place in [
        0,
        1,
        513,
        OwnVolume::BYTES,
        OwnVolume::BYTES - 1,
        1 << 63,
        u64::MAX,
    ] {
        let mut volume = own();
        volume.write(0xb0, &u64::to_le_bytes(place));
        let view = volume.unlock(&volume.external_key()).expect("two are left");
        assert!(matches!(view.copies()[0], CopyState::Fault(_)));
        volume.write(0xb8, &u64::to_le_bytes(place));
        volume.write(0xc0, &u64::to_le_bytes(place));
        assert!(volume.unlock(&volume.external_key()).is_err());
    }
}

#[test]
fn an_area_by_itself_proves_its_password_and_its_integrity() {
    let volume = own();
    let area = &volume.sealed.information_area;
    let password = Credential::RecoveryPassword(volume.sealed.recovery_password.clone());
    let opened = open_information_area(area, &password).expect("opens");
    assert_eq!(
        opened.volume_master_key(),
        &volume.secrets.volume_master_key
    );
    assert_eq!(opened.facts().id, volume.secrets.identifiers.volume);
    assert_eq!(opened.facts().description, "a test");
    assert!(open_information_area(&area[..AREA - 1], &password).is_err());
    let forged = with_crc(put(area, 130, b"X"), block_bytes(area));
    assert_eq!(
        open_information_area(&forged, &password).expect_err("forged"),
        UnlockError::Area(CopyFault::SealedHash)
    );
}

/// Sets every 16-bit field of an area to each value that might trip a reader.
#[test]
fn no_field_with_a_strange_value_makes_the_reader_panic() {
    let mut volume = own();
    let area = volume.sealed.information_area.clone();
    let key = volume.external_key();
    let block = block_bytes(&area);
    for at in (0..block + 88).step_by(2) {
        let field = u16::from_le_bytes([area[at], area[at + 1]]);
        let strange = [0, 1, 7, 8, 9, 0x7fff, 0x8000, 0xffff];
        for value in strange
            .into_iter()
            .chain([field.wrapping_add(1), field.wrapping_sub(1)])
        {
            let changed = put(&area, at, &value.to_le_bytes());
            let same = value == field;
            drop(open_information_area(&changed, &key));
            let forged = with_crc(changed.clone(), block);
            if at < block && open_information_area(&forged, &key).is_ok() {
                assert!(same, "field {at:#x} = {value:#x} was believed");
            }
            let resealed = authentic(changed, block, &volume.secrets);
            if at < block && open_information_area(&resealed, &key).is_ok() {
                volume.set_areas(&resealed);
                if let Ok(view) = volume.unlock(&key) {
                    read_everywhere(&view);
                }
            }
        }
    }
}

/// Datums of known and unknown roles and kinds, nested, with bodies of any length.
fn datums(depth: u32) -> BoxedStrategy<Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..60);
    let body = match depth {
        0 => bytes.boxed(),
        _ => {
            let fixed = prop::sample::select(vec![0_usize, 4, 16, 20, 28]);
            let nested = (fixed, datums(depth - 1))
                .prop_map(|(fixed, nested)| [vec![0x10; fixed], nested].concat());
            prop_oneof![bytes, nested].boxed()
        }
    };
    let role = prop::sample::select(vec![0_u16, 2, 3, 7, 0x0f, 0x11, 0x12, 0xffff]);
    let kind = prop::sample::select(vec![0_u16, 1, 2, 3, 4, 5, 8, 9, 0x0f, 0x15, 0xffff]);
    let one = (role, kind, body).prop_map(|(role, kind, body)| datum(role, kind, 1, &[&body]));
    prop::collection::vec(one, 0..4)
        .prop_map(|list| list.concat())
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_altered_bytes_are_noticed_or_harmless(
        changes in prop::collection::vec((0..1200_usize, any::<u8>()), 1..6),
        also_crc: bool,
    ) {
        let volume = own();
        let original = &volume.sealed.information_area;
        let mut area = original.clone();
        for (at, byte) in changes {
            area[at] = byte;
        }
        let size = block_bytes(&area);
        if also_crc && size + 88 <= AREA {
            area = with_crc(area, size);
        }
        let key = volume.external_key();
        if let Ok(opened) = open_information_area(&area, &key) {
            let before = open_information_area(original, &key).expect("opens");
            prop_assert_eq!(opened.facts(), before.facts());
            prop_assert_eq!(opened.volume_key(), before.volume_key());
        }
    }

    #[test]
    fn authentic_nonsense_is_read_without_a_panic(
        list in prop_oneof![prop::collection::vec(any::<u8>(), 0..600), datums(3)],
        header in prop::collection::vec((0..112_usize, any::<u8>()), 0..4),
    ) {
        let mut volume = own();
        let original = volume.sealed.information_area.clone();
        // The protectors stay, so that the key is found; behind them comes anything.
        let keep = 112 + 0x16 + 0x120 + 0xf0;
        prop_assume!(list.len() < 20_000);
        let size = (keep + list.len() + 15) & !15;
        let mut area = original[..keep].to_vec();
        area.extend_from_slice(&list);
        area.resize(AREA, 0);
        let units = u16::try_from(size / 16).expect("small").to_le_bytes();
        let bytes = u32::try_from(keep + list.len() - 64).expect("small").to_le_bytes();
        area = put(&put(&put(&area, 8, &units), 64, &bytes), 76, &bytes);
        for (at, byte) in header {
            area[at] = byte;
        }
        area = put(&area, size, &original[block_bytes(&original)..][..88]);
        volume.set_areas(&authentic(area, size, &volume.secrets));
        if let Ok(view) = volume.unlock(&volume.external_key()) {
            read_everywhere(&view);
        }
    }
}
