//! What tests of several files need.

/// Returns the bytes of a hexadecimal text.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digit = |character: char| character.to_digit(16).expect("a hexadecimal digit");
    let digits: Vec<u32> = text.chars().map(digit).collect();
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).expect("a byte"))
        .collect()
}
