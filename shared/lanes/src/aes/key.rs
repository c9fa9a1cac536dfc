//! A key, and which instructions it is used with.

use super::round_keys::RoundKeys;
use super::{aesni, vaes256, vaes512};

/// Blocks of the shortest sector, 512 bytes: every sector is a whole number of them.
const SECTOR_BLOCKS_MIN: usize = 32;

/// The key of AES-128 or AES-256, and the widest instructions that this processor has for it. Wiped when dropped.
pub struct Aes {
    width: Width,
    keys: RoundKeys,
}

/// Which instructions. A value inside an [`Aes`] is the proof that the processor has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// VAES with AVX-512: four blocks an instruction.
    Vaes512,
    /// VAES with AVX2: two.
    Vaes256,
    /// AES-NI: one.
    AesNi,
}

/// What is done to blocks.
#[derive(Clone, Copy)]
pub(super) enum Act<'a> {
    Encrypt,
    Decrypt,
    XtsEncrypt(Sectors<'a>),
    XtsDecrypt(Sectors<'a>),
    CbcEncrypt(Sectors<'a>),
}

/// How blocks are sectors.
#[derive(Clone, Copy)]
pub(super) struct Sectors<'a> {
    /// What each begins with: its first tweak (XTS), its IV (CBC).
    pub(super) firsts: &'a [[u8; 16]],
    /// Blocks of each.
    pub(super) blocks: usize,
}

impl Aes {
    /// Returns the key ready for use; `None` where the processor has no instructions for AES, or when the key is not 16 or
    /// 32 bytes long.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        Self::with(Width::widest()?, key)
    }

    pub(super) fn with(width: Width, key: &[u8]) -> Option<Self> {
        let keys = RoundKeys::new(width, key)?;
        Some(Self { width, keys })
    }

    fn run(&self, act: Act<'_>, blocks: &mut [[u8; 16]]) {
        let keys = match act {
            Act::Encrypt | Act::XtsEncrypt(_) | Act::CbcEncrypt(_) => self.keys.encrypt(),
            Act::Decrypt | Act::XtsDecrypt(_) => self.keys.decrypt(),
        };
        #[expect(
            unsafe_code,
            reason = "calls code compiled for a feature that was found"
        )]
        // SAFETY: a `Width` is only made where its instructions were found.
        unsafe {
            match self.width {
                Width::Vaes512 => vaes512::run(keys, act, blocks),
                Width::Vaes256 => vaes256::run(keys, act, blocks),
                Width::AesNi => aesni::run(keys, act, blocks),
            }
        }
    }
}

impl Aes {
    /// Encrypts every block by itself.
    pub fn encrypt_blocks(&self, blocks: &mut [[u8; 16]]) {
        self.run(Act::Encrypt, blocks);
    }

    /// Decrypts every block by itself.
    pub fn decrypt_blocks(&self, blocks: &mut [[u8; 16]]) {
        self.run(Act::Decrypt, blocks);
    }

    /// Encrypts sectors of `sector_blocks` blocks as XTS does (IEEE 1619); `tweaks` has each sector's number, encrypted
    /// with the tweak key.
    ///
    /// # Panics
    /// When `sector_blocks` is no multiple of 32, or `blocks` are not as many sectors as there are tweaks.
    pub fn xts_encrypt(&self, tweaks: &[[u8; 16]], sector_blocks: usize, blocks: &mut [[u8; 16]]) {
        self.run(
            Act::XtsEncrypt(sectors(tweaks, sector_blocks, blocks)),
            blocks,
        );
    }

    /// Decrypts sectors as [`xts_encrypt`](Self::xts_encrypt) encrypts them.
    ///
    /// # Panics
    /// As there.
    pub fn xts_decrypt(&self, tweaks: &[[u8; 16]], sector_blocks: usize, blocks: &mut [[u8; 16]]) {
        self.run(
            Act::XtsDecrypt(sectors(tweaks, sector_blocks, blocks)),
            blocks,
        );
    }

    /// Encrypts sectors of `sector_blocks` blocks as CBC does (NIST SP 800-38A), each with its IV. As each block waits for
    /// the one before, sectors go side by side.
    ///
    /// # Panics
    /// When `sector_blocks` is no multiple of 32, or `blocks` are not as many sectors as there are IVs.
    pub fn cbc_encrypt(&self, ivs: &[[u8; 16]], sector_blocks: usize, blocks: &mut [[u8; 16]]) {
        self.run(Act::CbcEncrypt(sectors(ivs, sector_blocks, blocks)), blocks);
    }
}

pub(super) fn sectors<'a>(
    firsts: &'a [[u8; 16]],
    sector_blocks: usize,
    blocks: &[[u8; 16]],
) -> Sectors<'a> {
    assert!(
        sector_blocks > 0 && sector_blocks.is_multiple_of(SECTOR_BLOCKS_MIN),
        "a sector of {sector_blocks} blocks"
    );
    assert!(
        firsts.len().checked_mul(sector_blocks) == Some(blocks.len()),
        "{} blocks are not {} sectors of {sector_blocks}",
        blocks.len(),
        firsts.len()
    );
    Sectors {
        firsts,
        blocks: sector_blocks,
    }
}

impl Width {
    /// Returns every width that works here, widest first.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        let all = [Self::Vaes512, Self::Vaes256, Self::AesNi];
        all.into_iter().filter(|width| width.is_here())
    }

    fn widest() -> Option<Self> {
        Self::available().next()
    }

    fn is_here(self) -> bool {
        use std::arch::is_x86_feature_detected as has;
        // The round keys are made with AES-NI whatever the width.
        let narrow = has!("aes") && has!("pclmulqdq") && has!("avx2");
        let wide = narrow && has!("vaes") && has!("vpclmulqdq");
        match self {
            Self::Vaes512 => wide && has!("avx512f") && has!("avx512bw"),
            Self::Vaes256 => wide,
            Self::AesNi => narrow,
        }
    }
}
