//! Text in XML, and file lengths in digits.

use std::io;
use thiserror::Error;

/// A character that XML 1.0 cannot hold, escaped or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("U+{code_point:04X} cannot stand in an XML file")]
pub struct NotXml {
    /// The character.
    pub code_point: u32,
}

/// Writes `text` so that every XML reader gives it back: `&`, `<`, `>` and `"` as entities; tab,
/// line feed and carriage return as references, since a reader would turn them into other white
/// space.
///
/// # Errors
/// What `out` gives, or [`NotXml`] inside an [`io::Error`] of kind `InvalidData` (XML 1.0,
/// production `Char`).
pub(crate) fn write_escaped(out: &mut impl io::Write, text: &str) -> io::Result<()> {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(may_be_special) {
        let (plain, tail) = rest.split_at(at);
        out.write_all(plain.as_bytes())?;
        // A special byte begins a character: none of them is a continuation byte of UTF-8.
        let Some(c) = tail.chars().next() else { break };
        if is_plain(c) {
            out.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
        } else {
            out.write_all(entity(c)?.as_bytes())?;
        }
        rest = tail.get(c.len_utf8()..).unwrap_or("");
    }
    out.write_all(rest.as_bytes())
}

/// The bytes that every character begins with that is not plain: markup, controls, and U+F000 to
/// U+FFFF for the last two.
const fn may_be_special(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'&' | b'<' | b'>' | b'"' | 0xef)
}

/// Returns whether every character of `text` can stand in an XML 1.0 file.
///
/// # Errors
/// [`NotXml`] with the first that cannot.
pub fn check_text(text: &str) -> Result<(), NotXml> {
    match text.chars().find(|&c| !is_xml(c)) {
        Some(c) => Err(NotXml {
            code_point: u32::from(c),
        }),
        None => Ok(()),
    }
}

const fn is_plain(c: char) -> bool {
    is_xml(c) && !matches!(c, '&' | '<' | '>' | '"' | '\t' | '\n' | '\r')
}

const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

fn entity(c: char) -> io::Result<&'static str> {
    match c {
        '&' => Ok("&amp;"),
        '<' => Ok("&lt;"),
        '>' => Ok("&gt;"),
        '"' => Ok("&quot;"),
        '\t' => Ok("&#9;"),
        '\n' => Ok("&#10;"),
        '\r' => Ok("&#13;"),
        c => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            NotXml {
                code_point: u32::from(c),
            },
        )),
    }
}

/// Returns how many decimal digits `number` has.
pub(crate) fn digits(number: u64) -> u64 {
    number
        .checked_ilog10()
        .map_or(1, |power| u64::from(power).saturating_add(1))
}
