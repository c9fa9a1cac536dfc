//! `$UpCase`: how NTFS maps each UTF-16 unit to upper case.
//!
//! The table is Windows' own and older than today's Unicode, so that `char::to_uppercase` would not do. It is
//! generated from runs; the SHA-256 of the result is that of the table which Windows' format and mkntfs write.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of small constants, evaluated at compile time"
)]

/// Bytes of the stored table.
pub const TABLE_BYTES: u64 = 131_072;

/// CRC-64 of the stored table, kept in its stream `$Info` (reflected, polynomial 0x9a6c9329ac4bc9b5, all ones in and
/// out).
pub const TABLE_CRC64: u64 = 0xdadc_7e77_6b1b_690c;

/// The upper case of every UTF-16 unit.
pub static TABLE: [u16; 65_536] = table();

/// Returns the upper case of a UTF-16 unit.
#[must_use]
pub fn upcase(unit: u16) -> u16 {
    TABLE[usize::from(unit)]
}

/// Writes the stored table's bytes from offset `at` on into `into`; zeros past its end.
pub fn render(at: u64, into: &mut [u8]) {
    for (offset, byte) in (at..).zip(into) {
        let unit = usize::try_from(offset / 2)
            .ok()
            .and_then(|unit| TABLE.get(unit));
        let [low, high] = unit.copied().unwrap_or(0).to_le_bytes();
        *byte = if offset % 2 == 0 { low } else { high };
    }
}

const fn table() -> [u16; 65_536] {
    let mut table = [0; 65_536];
    let mut unit = 0_u16;
    loop {
        table[widen(unit)] = unit;
        if unit == u16::MAX {
            break;
        }
        unit += 1;
    }
    let mut run = 0;
    while run < RUNS.len() {
        let (start, count, step, delta) = RUNS[run];
        let mut at = 0;
        while at < count {
            let unit = start + at * step;
            table[widen(unit)] = unit.wrapping_add_signed(delta);
            at += 1;
        }
        run += 1;
    }
    table
}

#[expect(
    clippy::as_conversions,
    reason = "widening in a const fn, where From is not available"
)]
const fn widen(unit: u16) -> usize {
    unit as usize
}

/// Start, count, step, what to add (modulo 2^16); all other units map to themselves.
#[rustfmt::skip]
const RUNS: [(u16, u16, u16, i16); 134] = [
    (0x0061, 26, 1, -32), (0x00e0, 23, 1, -32), (0x00f8, 7, 1, -32), (0x00ff, 1, 1, 121),
    (0x0101, 24, 2, -1), (0x0133, 3, 2, -1), (0x013a, 8, 2, -1), (0x014b, 23, 2, -1),
    (0x017a, 3, 2, -1), (0x0180, 1, 1, 195), (0x0183, 2, 2, -1), (0x0188, 1, 1, -1),
    (0x018c, 1, 1, -1), (0x0192, 1, 1, -1), (0x0195, 1, 1, 97), (0x0199, 1, 1, -1),
    (0x019a, 1, 1, 163), (0x019e, 1, 1, 130), (0x01a1, 3, 2, -1), (0x01a8, 1, 1, -1),
    (0x01ad, 1, 1, -1), (0x01b0, 1, 1, -1), (0x01b4, 2, 2, -1), (0x01b9, 1, 1, -1),
    (0x01bd, 1, 1, -1), (0x01bf, 1, 1, 56), (0x01c6, 1, 1, -2), (0x01c9, 1, 1, -2),
    (0x01cc, 1, 1, -2), (0x01ce, 8, 2, -1), (0x01dd, 1, 1, -79), (0x01df, 9, 2, -1),
    (0x01f3, 1, 1, -2), (0x01f5, 1, 1, -1), (0x01f9, 20, 2, -1), (0x0223, 9, 2, -1),
    (0x023c, 1, 1, -1), (0x0242, 1, 1, -1), (0x0247, 5, 2, -1), (0x0250, 1, 1, 10783),
    (0x0251, 1, 1, 10780), (0x0253, 1, 1, -210), (0x0254, 1, 1, -206), (0x0256, 2, 1, -205),
    (0x0259, 1, 1, -202), (0x025b, 1, 1, -203), (0x0260, 1, 1, -205), (0x0263, 1, 1, -207),
    (0x0268, 1, 1, -209), (0x0269, 1, 1, -211), (0x026b, 1, 1, 10743), (0x026f, 1, 1, -211),
    (0x0271, 1, 1, 10749), (0x0272, 1, 1, -213), (0x0275, 1, 1, -214), (0x027d, 1, 1, 10727),
    (0x0280, 1, 1, -218), (0x0283, 1, 1, -218), (0x0288, 1, 1, -218), (0x0289, 1, 1, -69),
    (0x028a, 2, 1, -217), (0x028c, 1, 1, -71), (0x0292, 1, 1, -219), (0x0371, 2, 2, -1),
    (0x0377, 1, 1, -1), (0x037b, 3, 1, 130), (0x03ac, 1, 1, -38), (0x03ad, 3, 1, -37),
    (0x03b1, 17, 1, -32), (0x03c3, 9, 1, -32), (0x03cc, 1, 1, -64), (0x03cd, 2, 1, -63),
    (0x03d7, 1, 1, -8), (0x03d9, 12, 2, -1), (0x03f2, 1, 1, 7), (0x03f8, 1, 1, -1),
    (0x03fb, 1, 1, -1), (0x0430, 32, 1, -32), (0x0450, 16, 1, -80), (0x0461, 17, 2, -1),
    (0x048b, 27, 2, -1), (0x04c2, 7, 2, -1), (0x04cf, 1, 1, -15), (0x04d1, 42, 2, -1),
    (0x0561, 38, 1, -48), (0x1d79, 1, 1, -30204), (0x1d7d, 1, 1, 3814), (0x1e01, 75, 2, -1),
    (0x1ea1, 48, 2, -1), (0x1f00, 8, 1, 8), (0x1f10, 6, 1, 8), (0x1f20, 8, 1, 8), (0x1f30, 8, 1, 8),
    (0x1f40, 6, 1, 8), (0x1f51, 4, 2, 8), (0x1f60, 8, 1, 8), (0x1f70, 2, 1, 74), (0x1f72, 4, 1, 86),
    (0x1f76, 2, 1, 100), (0x1f78, 2, 1, 128), (0x1f7a, 2, 1, 112), (0x1f7c, 2, 1, 126),
    (0x1f80, 8, 1, 8), (0x1f90, 8, 1, 8), (0x1fa0, 8, 1, 8), (0x1fb0, 2, 1, 8), (0x1fb3, 1, 1, 9),
    (0x1fc3, 1, 1, 9), (0x1fd0, 2, 1, 8), (0x1fe0, 2, 1, 8), (0x1fe5, 1, 1, 7), (0x1ff3, 1, 1, 9),
    (0x214e, 1, 1, -28), (0x2170, 16, 1, -16), (0x2184, 1, 1, -1), (0x24d0, 26, 1, -26),
    (0x2c30, 47, 1, -48), (0x2c61, 1, 1, -1), (0x2c65, 1, 1, -10795), (0x2c66, 1, 1, -10792),
    (0x2c68, 3, 2, -1), (0x2c73, 1, 1, -1), (0x2c76, 1, 1, -1), (0x2c81, 50, 2, -1),
    (0x2d00, 38, 1, -7264), (0xa641, 16, 2, -1), (0xa663, 6, 2, -1), (0xa681, 12, 2, -1),
    (0xa723, 7, 2, -1), (0xa733, 31, 2, -1), (0xa77a, 2, 2, -1), (0xa77f, 5, 2, -1),
    (0xa78c, 1, 1, -1), (0xff41, 26, 1, -32),
];

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn stored() -> Vec<u8> {
        let mut bytes = vec![0; 131_072];
        render(0, &mut bytes);
        bytes
    }

    /// Golden: SHA-256 of `$UpCase` as written by Windows' format.com and by mkntfs (both hashed).
    #[test]
    fn the_table_is_the_one_windows_writes() {
        let hash: String = Sha256::digest(stored())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hash,
            "41c26bc7a12bdaeb26025c93118697c7e3ef81ee048b00fe5cce2a472e0e0742"
        );
    }

    #[test]
    fn the_crc_in_info_is_that_of_the_table() {
        let mut crc = u64::MAX;
        for byte in stored() {
            crc ^= u64::from(byte);
            for _ in 0..8 {
                let carry = crc & 1;
                crc >>= 1;
                if carry == 1 {
                    crc ^= 0x9a6c_9329_ac4b_c9b5;
                }
            }
        }
        assert_eq!(!crc, TABLE_CRC64);
    }

    #[test]
    fn past_the_table_there_are_zeros() {
        let mut bytes = [1; 4];
        render(131_070, &mut bytes);
        assert_eq!(bytes, [0xff, 0xff, 0, 0]);
    }
}
