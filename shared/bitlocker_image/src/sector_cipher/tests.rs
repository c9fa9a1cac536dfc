//! Our batches beside `xts-mode`, `cbc`, IEEE 1619 and the reference vectors.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of our own, in tests"
)]

use ::cbc::cipher::{BlockModeEncrypt, InnerIvInit};
use cipher::consts::U16;
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use xts_mode::{Xts128, get_tweak_default};

use super::*;

const ALL: [Cipher; 6] = [
    Cipher::XtsAes128,
    Cipher::XtsAes256,
    Cipher::CbcAes128,
    Cipher::CbcAes256,
    Cipher::CbcElephant128,
    Cipher::CbcElephant256,
];

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|byte| u8::from_str_radix(&text[2 * byte..2 * byte + 2], 16).expect("hex"))
        .collect()
}

fn pattern(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    (0..bytes)
        .map(|_| {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405);
            state.to_le_bytes()[7]
        })
        .collect()
}

/// The same by crates that handle one block at a time.
fn encrypted_by_others(cipher: Cipher, key: &[u8], sector: usize, first: u64, bytes: &mut [u8]) {
    fn xts<C>(key: &[u8]) -> Xts128<C>
    where
        C: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>,
    {
        let (one, two) = key.split_at(key.len() / 2);
        let aes = |key: &[u8]| C::new_from_slice(key).expect("length");
        Xts128::new(aes(one), aes(two))
    }
    fn cbc_sector<C>(key: &[u8], offset: u64, bytes: &mut [u8])
    where
        C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
    {
        let aes = C::new_from_slice(key).expect("length");
        let mut iv = aes::Block::from(u128::from(offset).to_le_bytes());
        aes.encrypt_block(&mut iv);
        let mut mode = ::cbc::Encryptor::<C>::inner_iv_init(aes, &iv);
        for block in bytes.chunks_exact_mut(16) {
            let block: &mut [u8; 16] = block.try_into().expect("16");
            mode.encrypt_block(block.into());
        }
    }
    match cipher {
        Cipher::XtsAes128 => {
            xts::<Aes128>(key).encrypt_area(bytes, sector, first.into(), get_tweak_default);
        }
        Cipher::XtsAes256 => {
            xts::<Aes256>(key).encrypt_area(bytes, sector, first.into(), get_tweak_default);
        }
        _ => {
            for (number, bytes) in (first..).zip(bytes.chunks_exact_mut(sector)) {
                let offset = number * u64::try_from(sector).expect("small");
                if cipher == Cipher::CbcAes128 {
                    cbc_sector::<Aes128>(key, offset, bytes);
                } else {
                    cbc_sector::<Aes256>(key, offset, bytes);
                }
            }
        }
    }
}

fn agrees_with_others(cipher: Cipher, sector: SectorSize, first: u64, sectors: usize, seed: u64) {
    let sector_bytes = usize::try_from(sector.bytes()).expect("small");
    let key = pattern(cipher.key_bytes(), seed ^ 0xabcd);
    let plain = pattern(sectors * sector_bytes, seed);
    let mut theirs = plain.clone();
    encrypted_by_others(cipher, &key, sector_bytes, first, &mut theirs);
    for fast in [true, false] {
        let ours = SectorCipher::with(cipher, &key, sector, fast).expect("key fits");
        let mut bytes = plain.clone();
        ours.encrypt(first, &mut bytes);
        let what = format!("{cipher} {sector:?} {first} {sectors}, fast: {fast}");
        assert!(bytes == theirs, "{what}");
        ours.decrypt(first, &mut bytes);
        assert!(bytes == plain, "{what}, back");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_run_of_sectors_is_what_xts_mode_and_cbc_make_of_it(
        first in prop_oneof![0..1000_u64, (1_u64 << 32) - 70..(1 << 32), (1_u64 << 51)..(1 << 51) + 9],
        sectors in prop_oneof![0..4_usize, 60..70_usize, 120..140_usize],
        seed: u64,
    ) {
        for cipher in Cipher::CREATED {
            agrees_with_others(cipher, SectorSize::B512, first, sectors, seed);
            agrees_with_others(cipher, SectorSize::B4096, first, sectors.min(70), seed);
        }
    }
}

#[test]
fn ieee_1619_vectors_of_one_512_byte_unit_come_out() {
    // IEEE 1619-2007 annex B, vectors 4 and 10: plaintext 00 01 .. ff 00 01 .. ff.
    let plain: Vec<u8> = (0..512_usize)
        .map(|byte| u8::try_from(byte % 256).expect("byte"))
        .collect();
    let key = hex("2718281828459045235360287471352631415926535897932384626433832795");
    let cipher = SectorCipher::new(Cipher::XtsAes128, &key, SectorSize::B512).expect("key");
    let mut bytes = plain.clone();
    cipher.encrypt(0, &mut bytes);
    assert_eq!(
        bytes[..32],
        hex("27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c")
    );
    assert_eq!(bytes[496..], hex("0a282df920147beabe421ee5319d0568"));

    let key = hex(concat!(
        "2718281828459045235360287471352662497757247093699959574966967627",
        "3141592653589793238462643383279502884197169399375105820974944592"
    ));
    let cipher = SectorCipher::new(Cipher::XtsAes256, &key, SectorSize::B512).expect("key");
    let mut bytes = plain;
    cipher.encrypt(0xff, &mut bytes);
    assert_eq!(
        bytes[..32],
        hex("1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b")
    );
    assert_eq!(bytes[496..], hex("c4f36ffda9fcea70b9c6e693e148c151"));
}

/// The reference's vectors, which came out of independent readers. Key byte i is 7 i + 1, plain byte
/// i is 13 i + 5, one unit at offset 0x1234_5678_9000; then its first 32 encrypted bytes and the
/// SHA-256 of all of them.
const VECTORS: [(Cipher, SectorSize, &str, &str); 12] = [
    (
        Cipher::XtsAes128,
        SectorSize::B512,
        "b50ae9cc05cf5fefa3bdacdd89c330ea4b149d4c0f97b40389f80c8ffeb85444",
        "3009ea5f7bed9c81122d2e085779efeee2b5094b1b5e4666d8e1f1f044dbe4e8",
    ),
    (
        Cipher::XtsAes128,
        SectorSize::B4096,
        "21b18982b665069d7489ebb8c5cd52aa0d683fa8d41c3e2fd482820a50174e09",
        "01e8dc6453a8005f98e1dcef3340c518ef96d9ab02c780313dd27c7f8f69ce56",
    ),
    (
        Cipher::XtsAes256,
        SectorSize::B512,
        "71ebacf339c8c68707bafc3279031c660976b6f0cc3f8037a8e56ab75a843125",
        "6c411652294fd2dd4b85d935341726123f453c8aa04c28df075fcc3026474f1e",
    ),
    (
        Cipher::XtsAes256,
        SectorSize::B4096,
        "b31af98777a745b17a5bb2e391ebc56805d520c214a891714382ce48850d3d64",
        "bf00bc2ed3afbdcb78e05d69fd947870b2e4fbec4a84af6595adc354d77f2b4b",
    ),
    (
        Cipher::CbcAes128,
        SectorSize::B512,
        "92418871ca38361c924aa10415053591dcb26a2d067f06e4c29ed58f10ca994f",
        "2d61c28553b59c8e224ce2abb476d8bb9d61b3b05cb50aab577d8fb6c0ada181",
    ),
    (
        Cipher::CbcAes128,
        SectorSize::B4096,
        "92418871ca38361c924aa10415053591dcb26a2d067f06e4c29ed58f10ca994f",
        "532aba6f58cf33c525d6075b959c08ebf5788aa0a8a49682d631dc4368d5645f",
    ),
    (
        Cipher::CbcAes256,
        SectorSize::B512,
        "4345e2cb0cedc7f472e70261a171b4cc8ae8b91d281972cfc4d6c5e5f82b3624",
        "ad12ca9d3a02d90990377eb09ea3e10c95f209d3d43a7d43b8daf5f23582d3bf",
    ),
    (
        Cipher::CbcAes256,
        SectorSize::B4096,
        "4345e2cb0cedc7f472e70261a171b4cc8ae8b91d281972cfc4d6c5e5f82b3624",
        "6e3171529f06d02bd1f4b223f3447f3095ac0a07b8210682a50ebdf04955c528",
    ),
    (
        Cipher::CbcElephant128,
        SectorSize::B512,
        "44afd5016e6211edbcaa65a7943541aaaa2092a2b9ff5af5ef2963c1e241df09",
        "b68b94acace2b307563edb7c2205bc1b9dd2d2b14edfe0b4f613408c979d5ff8",
    ),
    (
        Cipher::CbcElephant128,
        SectorSize::B4096,
        "93821c4f0903bdd53a738942af5a6ac066fab4e0159caf597c51a1f3233a0b3e",
        "49cda6638153be4bb6693a9d7ec19b2ea76f99ced041eb897aa8a9ba6e9ea459",
    ),
    (
        Cipher::CbcElephant256,
        SectorSize::B512,
        "cd78aaf07ee6a2dfb4e7bb78e4237a68880536deca6d264b8485b149c83ab0e2",
        "04c70a72c3540fc432ca7d8f8dd748eff21f84a89b793e9696ba7f47f369fd1c",
    ),
    (
        Cipher::CbcElephant256,
        SectorSize::B4096,
        "ba0080b01e32dfa84aa57cf6a1e105a30b288880b241f571831aa4963fa3a703",
        "4976c6d23ea92aca780034f04d682602384a70cce11fc6baf380f75c617518c1",
    ),
];

#[test]
fn the_reference_vectors_come_out() {
    let ramp = |factor: usize, offset: usize| {
        (0_usize..).map(move |byte| u8::try_from((factor * byte + offset) % 256).expect("byte"))
    };
    for (cipher, sector, first_32, hash) in VECTORS {
        let key: Vec<u8> = ramp(7, 1).take(cipher.key_bytes()).collect();
        let unit = usize::try_from(sector.bytes()).expect("small");
        let plain: Vec<u8> = ramp(13, 5).take(unit).collect();
        for fast in [true, false] {
            let volume = SectorCipher::with(cipher, &key, sector, fast).expect("key fits");
            let mut bytes = plain.clone();
            let number = 0x1234_5678_9000 / sector.bytes();
            volume.encrypt(number, &mut bytes);
            assert_eq!(bytes[..32], hex(first_32), "{cipher} {sector:?}");
            assert_eq!(Sha256::digest(&bytes)[..], hex(hash), "{cipher} {sector:?}");
            volume.decrypt(number, &mut bytes);
            assert_eq!(bytes, plain, "{cipher} {sector:?}");
        }
    }
}

#[test]
fn a_key_of_the_wrong_length_is_refused() {
    for cipher in ALL {
        for length in [0, 15, 16, 24, 32, 63, 64, 65] {
            let made = SectorCipher::new(cipher, &vec![7; length], SectorSize::B512);
            assert_eq!(
                made.is_ok(),
                length == cipher.key_bytes(),
                "{cipher} {length}"
            );
        }
    }
}

/// CBC by somebody else's crate, with an IV of zeros, and the padding insisted on.
struct ByTheCbcCrate;

impl CbcDecryptor for ByTheCbcCrate {
    fn decrypt(
        &self,
        key: &[u8],
        pieces: &mut dyn Iterator<Item = &[u8]>,
    ) -> Option<Vec<Box<dyn CbcAnswer>>> {
        use ::cbc::cipher::block_padding::Pkcs7;
        use ::cbc::cipher::{BlockModeDecrypt, KeyIvInit};
        let iv = [0; 16];
        let decrypted = pieces.map(|piece| {
            let mut piece = piece.to_vec();
            let plain = match key.len() {
                16 => ::cbc::Decryptor::<Aes128>::new_from_slices(key, &iv)
                    .expect("lengths")
                    .decrypt_padded::<Pkcs7>(&mut piece),
                _ => ::cbc::Decryptor::<Aes256>::new_from_slices(key, &iv)
                    .expect("lengths")
                    .decrypt_padded::<Pkcs7>(&mut piece),
            };
            let plain = plain.expect("padded as a browser wants it").to_vec();
            assert_eq!(plain.len() + 16, piece.len());
            let answer: Box<dyn CbcAnswer> = Box::new(InMemory(plain));
            answer
        });
        Some(decrypted.collect())
    }
}

struct InMemory(Vec<u8>);

impl CbcAnswer for InMemory {
    fn copy(&self, from: usize, into: &mut [u8]) {
        into.copy_from_slice(&self.0[from..from + into.len()]);
    }
}

/// One who cannot.
struct Unable;

impl CbcDecryptor for Unable {
    fn decrypt(
        &self,
        _: &[u8],
        _: &mut dyn Iterator<Item = &[u8]>,
    ) -> Option<Vec<Box<dyn CbcAnswer>>> {
        None
    }
}

#[test]
fn with_help_every_cipher_decrypts_to_the_same_bytes() {
    for cipher in ALL {
        let key = pattern(cipher.key_bytes(), 5);
        for sector in [SectorSize::B512, SectorSize::B4096] {
            let mode = SectorCipher::new(cipher, &key, sector).expect("length");
            let bytes = usize::try_from(sector.bytes()).expect("small");
            for (sectors, first) in [(1, 0), (3, 7), (2_100, 0xff_ffff_fff0)] {
                let stored = pattern(sectors * bytes, 9);
                let mut plain = stored.clone();
                mode.decrypt(first, &mut plain);
                let mut helped = stored.clone();
                let could = mode.decrypt_with(&ByTheCbcCrate, &key, first, &mut helped);
                assert_eq!(could, cipher.can_create(), "{cipher}");
                let expected = if could { &plain } else { &stored };
                assert!(
                    helped == *expected,
                    "{cipher}, {sectors} sectors of {bytes}"
                );
                let mut untouched = stored.clone();
                assert!(!mode.decrypt_with(&Unable, &key, first, &mut untouched));
                assert!(untouched == stored, "{cipher}");
            }
        }
    }
}
