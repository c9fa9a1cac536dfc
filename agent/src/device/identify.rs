//! The 512 bytes in which an ATA drive says who it is, whatever bridge they came through.
//!
//! Source: ATA/ATAPI Command Set 4 (T13 ACS-4), 7.13 IDENTIFY DEVICE; words are little-endian,
//! texts have the bytes of each word swapped. Golden: `identify_qemu.hex`, what QEMU's drive told
//! Linux (its VPD page 89h, from byte 60 on).

use thiserror::Error;

use super::serial::tidy_serial;

/// Bytes of an answer to IDENTIFY DEVICE.
pub(super) const PAGE_BYTES: usize = 512;

/// What a drive says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identify {
    /// Serial number, tidied; empty when it has none.
    pub(super) serial: String,
    /// Model, trimmed.
    pub(super) model: String,
    /// World-wide name as the kernel writes them, `naa.` and 16 digits; empty when it has none.
    pub(super) wwn: String,
    /// Length in bytes.
    pub(super) bytes: u64,
    /// Bytes of the sectors that it is addressed by.
    pub(super) sector_bytes: u64,
    /// Bytes of the sectors that it writes at once.
    pub(super) physical_sector_bytes: u64,
    /// Whether it has spinning disks; `None` when it does not tell.
    pub(super) spins: Option<bool>,
    /// Whether it says that its tracks overlap (SMR).
    pub(super) is_shingled: bool,
}

/// Bytes that are no answer to IDENTIFY DEVICE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(super) enum IdentifyError {
    /// Some bridges answer with nothing at all.
    #[error("the answer names no model")]
    Empty,
    /// A packet device, such as a DVD drive, has another page.
    #[error("the answer is not that of a disk")]
    NotADisk,
    /// The last word has the signature of a checksum, and it is wrong.
    #[error("the answer's checksum is wrong")]
    Checksum,
}

impl Identify {
    /// Reads the page.
    ///
    /// # Errors
    /// [`IdentifyError`] when it cannot be an answer of a disk.
    pub(super) fn parse(page: &[u8; PAGE_BYTES]) -> Result<Self, IdentifyError> {
        let words = Words(page);
        let sum = page.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if words.at(255) & 0xff == 0xa5 && sum != 0 {
            return Err(IdentifyError::Checksum);
        }
        let model = words.text(27, 20).trim().to_owned();
        if model.is_empty() || model.bytes().all(|byte| byte == b'?') {
            return Err(IdentifyError::Empty);
        }
        if words.at(0) & 0x8000 != 0 {
            return Err(IdentifyError::NotADisk);
        }
        let sector_bytes = words.sector_bytes();
        Ok(Self {
            serial: tidy_serial(&words.text(10, 10)),
            model,
            wwn: words.wwn(),
            bytes: words.sectors().saturating_mul(sector_bytes),
            sector_bytes,
            physical_sector_bytes: sector_bytes.saturating_mul(words.sectors_per_physical()),
            spins: words.spins(),
            is_shingled: matches!(words.at(69) & 0b11, 0b01 | 0b10),
        })
    }
}

/// The page as its 256 words.
struct Words<'a>(&'a [u8; PAGE_BYTES]);

impl Words<'_> {
    fn at(&self, index: usize) -> u16 {
        let start = index.saturating_mul(2);
        let pair = self.0.get(start..).and_then(|rest| rest.first_chunk());
        pair.map_or(0, |pair| u16::from_le_bytes(*pair))
    }

    /// Returns `count` words as a text.
    fn text(&self, first: usize, count: usize) -> String {
        let words = (0..count).map(|word| self.at(first.saturating_add(word)));
        let bytes: Vec<u8> = words.flat_map(u16::to_be_bytes).collect();
        let printable = bytes.iter().filter(|byte| (b' '..=b'~').contains(*byte));
        printable.map(|byte| char::from(*byte)).collect()
    }

    /// Returns a number of `count` words, the lowest first.
    fn number(&self, first: usize, count: usize) -> u64 {
        let words = (0..count).rev();
        words.fold(0, |number, word| {
            number << 16 | u64::from(self.at(first.saturating_add(word)))
        })
    }

    /// Words 100-103 with 48-bit addresses (word 83, bit 10), 60-61 without.
    fn sectors(&self) -> u64 {
        if self.at(83) & 0x0400 != 0 {
            self.number(100, 4)
        } else {
            self.number(60, 2)
        }
    }

    /// Word 106 counts only with bit 15 clear and bit 14 set.
    fn sector_word(&self) -> u16 {
        let word = self.at(106);
        if word & 0xc000 == 0x4000 { word } else { 0 }
    }

    /// Words 117-118 count words of a sector where word 106, bit 12 says so; else it is 512 bytes.
    fn sector_bytes(&self) -> u64 {
        match self.number(117, 2) {
            words @ 1.. if self.sector_word() & 0x1000 != 0 => words.saturating_mul(2),
            _ => 512,
        }
    }

    /// Word 106, bit 13: several sectors in a physical one, their number a power of two.
    fn sectors_per_physical(&self) -> u64 {
        let word = self.sector_word();
        if word & 0x2000 != 0 {
            1 << (word & 0xf)
        } else {
            1
        }
    }

    /// Words 108-111, where word 84 or 87, bit 8 says that there is a world-wide name.
    fn wwn(&self) -> String {
        let says_so = |word: u16| word & 0xc100 == 0x4100;
        let number = (108..112).fold(0_u64, |number, word| {
            number << 16 | u64::from(self.at(word))
        });
        if number != 0 && (says_so(self.at(84)) || says_so(self.at(87))) {
            format!("naa.{number:016x}")
        } else {
            String::new()
        }
    }

    /// Word 217: 1 does not spin, 0x401 to 0xfffe are rounds per minute.
    fn spins(&self) -> Option<bool> {
        match self.at(217) {
            1 => Some(false),
            0x0401..=0xfffe => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a page of 512-byte sectors that answers with this serial and model.
    pub(in crate::device) fn page(serial: &str, model: &str) -> [u8; PAGE_BYTES] {
        let mut page = [0; PAGE_BYTES];
        put_text(&mut page, 10, serial, 20);
        put_text(&mut page, 27, model, 40);
        put(&mut page, 83, 0x4400);
        put(&mut page, 100, 0x0800);
        page
    }

    fn put_text(page: &mut [u8; PAGE_BYTES], word: usize, text: &str, length: usize) {
        let padded = format!("{text:<length$}");
        let pairs = padded.as_bytes().chunks_exact(2);
        let places = page.chunks_exact_mut(2).skip(word);
        for (place, pair) in places.zip(pairs) {
            place.copy_from_slice(&[pair[1], pair[0]]);
        }
    }

    fn put(page: &mut [u8; PAGE_BYTES], word: usize, value: u16) {
        let place = page.chunks_exact_mut(2).nth(word).expect("256 words");
        place.copy_from_slice(&value.to_le_bytes());
    }

    fn sum_up(page: &mut [u8; PAGE_BYTES]) {
        page[510] = 0xa5;
        page[511] = 0;
        let sum = page.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        page[511] = 0_u8.wrapping_sub(sum);
    }

    #[test]
    fn a_page_that_an_emulated_drive_told_linux_is_read() {
        let digits: Vec<u8> = include_str!("identify_qemu.hex")
            .bytes()
            .filter(u8::is_ascii_hexdigit)
            .collect();
        let bytes = digits.chunks_exact(2).map(|pair| {
            let pair = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(pair, 16).expect("digits")
        });
        let bytes: Vec<u8> = bytes.collect();
        let page = bytes.as_slice().try_into().expect("512 bytes");
        let expected = Identify {
            serial: "TARGET01".to_owned(),
            model: "ARGOSY TEST DISK".to_owned(),
            wwn: String::new(),
            bytes: 128 << 20,
            sector_bytes: 512,
            physical_sector_bytes: 4096,
            spins: Some(true),
            is_shingled: false,
        };
        assert_eq!(Identify::parse(page), Ok(expected));
    }

    #[test]
    fn texts_have_the_bytes_of_each_word_swapped() {
        let mut page = page("     WD-WX12345678", "WDC WD40EFRX-68WT0N0");
        assert_eq!(&page[20..36], b"    W -DXW214365");
        put(&mut page, 100, 0x6db0);
        put(&mut page, 101, 0xd1c0);
        put(&mut page, 102, 0x0001);
        let drive = Identify::parse(&page).expect("an answer");
        assert_eq!(
            (drive.serial.as_str(), drive.model.as_str()),
            ("WD-WX12345678", "WDC WD40EFRX-68WT0N0")
        );
        assert_eq!(drive.bytes, 0x0001_d1c0_6db0 * 512);
    }

    #[test]
    fn sector_sizes_are_512_unless_word_106_is_valid_and_says_otherwise() {
        let mut page = page("S", "M");
        let sizes = |page: &_| {
            let drive = Identify::parse(page).expect("an answer");
            (drive.sector_bytes, drive.physical_sector_bytes)
        };
        assert_eq!(sizes(&page), (512, 512));
        // 512e: eight sectors in a physical one.
        put(&mut page, 106, 0x6003);
        assert_eq!(sizes(&page), (512, 4096));
        // 4Kn: sectors of 2,048 words.
        put(&mut page, 106, 0x5000);
        put(&mut page, 117, 2048);
        assert_eq!(sizes(&page), (4096, 4096));
        put(&mut page, 106, 0xd000);
        assert_eq!(sizes(&page), (512, 512), "the word is not valid");
    }

    #[test]
    fn what_spins_what_is_shingled_and_the_world_wide_name_are_read() {
        let mut page = page("S", "M");
        let drive = Identify::parse(&page).expect("an answer");
        assert_eq!(
            (drive.spins, drive.is_shingled, drive.wwn.as_str()),
            (None, false, "")
        );
        put(&mut page, 217, 5400);
        put(&mut page, 69, 0b10);
        put(&mut page, 87, 0x4100);
        for (word, value) in [(108, 0x5001), (109, 0x4ee2), (110, 0xb123), (111, 0x4567)] {
            put(&mut page, word, value);
        }
        let drive = Identify::parse(&page).expect("an answer");
        assert_eq!((drive.spins, drive.is_shingled), (Some(true), true));
        assert_eq!(drive.wwn, "naa.50014ee2b1234567");
        put(&mut page, 217, 1);
        let drive = Identify::parse(&page).expect("an answer");
        assert_eq!(drive.spins, Some(false));
    }

    #[test]
    fn a_checksum_counts_when_there_is_one() {
        let mut page = page("S", "M");
        sum_up(&mut page);
        assert!(Identify::parse(&page).is_ok());
        page[60] ^= 1;
        assert_eq!(Identify::parse(&page), Err(IdentifyError::Checksum));
    }

    #[test]
    fn silence_and_dvd_drives_are_no_answers() {
        assert_eq!(Identify::parse(&[0; PAGE_BYTES]), Err(IdentifyError::Empty));
        assert_eq!(
            Identify::parse(&[0xff; PAGE_BYTES]),
            Err(IdentifyError::Empty)
        );
        let mut page = page("S", "M");
        put(&mut page, 0, 0x8580);
        assert_eq!(Identify::parse(&page), Err(IdentifyError::NotADisk));
    }
}
