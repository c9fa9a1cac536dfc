//! Records as lines, in the public WAImportExport form.
//!
//! ```text
//! [BeginUpdateRecord][2026/11/22 09:14:03.250][Type:ActivityRecord]
//! ActivityId: ArgosyDurable
//! Through: 1073741824
//! ...
//! Record: 7                    <- ours: the record's number, from 1
//! Chain: <64 digits>           <- ours: see chain.rs
//! [EndUpdateRecord]
//! ```
//!
//! What the public samples leave open (azure-import-export.md, 3.2) is settled here: UTF-8 without
//! a mark; every line ends in CRLF, as on the system that the tool is from; times are UTC. A value
//! of several lines stands between `[BeginValue]` and `[EndValue]`; a line of it that begins with
//! `[`, or with backslashes and `[`, has one backslash put before it. So a line that begins with
//! `[` is always framing, and a record never runs into the next one.

use super::replay::Damage;
use crate::job::Moment;

pub(super) const BEGIN: &str = "[BeginUpdateRecord]";
pub(super) const END: &str = "[EndUpdateRecord]";
const BEGIN_VALUE: &str = "[BeginValue]";
const END_VALUE: &str = "[EndValue]";
const EOL: &str = "\r\n";
/// Longer than any record of ours: a sealed information area is 88 KiB in base64.
pub(super) const RECORD_BYTES_MAX: usize = 256 * 1024;

/// A record's type, as the public samples name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    NewJournalFile,
    ActivityRecord,
}

/// A field's value.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Line(String),
    Block(Vec<String>),
}

/// A record's own fields, without number and chain.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) time: Moment,
    pub(super) kind: Kind,
    pub(super) fields: Vec<(String, Value)>,
}

/// A record as it stands in a journal.
pub(super) struct Frame<'a> {
    pub(super) at: usize,
    pub(super) line: u64,
    /// The line behind it.
    pub(super) next_line: u64,
    /// All of it.
    pub(super) bytes: &'a [u8],
    /// What the chain is over: everything before the `Chain` line.
    pub(super) hashed: &'a [u8],
    pub(super) body: Body,
    pub(super) number: u64,
    pub(super) chain: [u8; 32],
}

/// Why no record can be read at some place.
pub(super) enum FrameFault {
    /// The journal ends inside it.
    Incomplete,
    Damage(Damage),
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::NewJournalFile => "NewJournalFile",
            Self::ActivityRecord => "ActivityRecord",
        }
    }
}

impl Body {
    /// Returns the lines of the record up to its own last field.
    pub(super) fn head(&self) -> String {
        let mut text = format!("{BEGIN}[{}][Type:{}]{EOL}", self.time, self.kind.word());
        for (name, value) in &self.fields {
            match value {
                Value::Line(line) => text.extend([name, ": ", line, EOL]),
                Value::Block(lines) => {
                    text.extend([name, ": ", BEGIN_VALUE, EOL]);
                    for line in lines {
                        text.extend([if is_framing_like(line) { "\\" } else { "" }, line, EOL]);
                    }
                    text.extend([END_VALUE, EOL]);
                }
            }
        }
        text
    }
}

/// Returns the line of the record's number.
pub(super) fn number_line(number: u64) -> String {
    format!("Record: {number}{EOL}")
}

/// Returns the lines behind the number: the chain, and the record's end.
pub(super) fn tail(chain: &[u8; 32]) -> String {
    format!("Chain: {}{EOL}{END}{EOL}", crate::hash::lower_hex(chain))
}

/// Returns the record's last line, for a record without number and chain.
pub(super) fn plain_end() -> String {
    format!("{END}{EOL}")
}

/// Backslashes and then `[`.
fn is_framing_like(line: &str) -> bool {
    line.trim_start_matches('\\').starts_with('[')
}

/// Reads the record at `at`, whose first line is line `line` of the journal.
pub(super) fn read(journal: &[u8], at: usize, line: u64) -> Result<Frame<'_>, FrameFault> {
    let mut lines = Lines {
        journal,
        start: at,
        at,
        line,
    };
    let (time, kind) = first_line(&mut lines)?;
    let mut fields = Vec::new();
    let (mut number, mut chain) = (None, None);
    let hashed_end = loop {
        let line_at = lines.at;
        let text = lines.next()?;
        if text == END {
            break chain.map(|(_, at)| at);
        }
        let Some((name, value)) = text.split_once(": ") else {
            return Err(lines.damage("a line that is neither a field nor the record's end"));
        };
        match name {
            _ if chain.is_some() => return Err(lines.damage("a field behind the chain")),
            "Chain" => chain = Some((chain_of(value, &lines)?, line_at)),
            _ if number.is_some() => return Err(lines.damage("a field behind the record's number")),
            "Record" => number = Some(number_of(value, &lines)?),
            name if name.starts_with('[') || name.is_empty() => {
                return Err(lines.damage("a line that is neither a field nor the record's end"));
            }
            name if value == BEGIN_VALUE => {
                fields.push((name.to_owned(), Value::Block(block(&mut lines)?)))
            }
            name => fields.push((name.to_owned(), Value::Line(value.to_owned()))),
        }
        if lines.at.saturating_sub(at) > RECORD_BYTES_MAX {
            return Err(lines.damage("a record longer than any that is written"));
        }
    };
    let (Some(number), Some((chain, _)), Some(hashed_end)) = (number, chain, hashed_end) else {
        return Err(lines.damage("a record without its number or chain"));
    };
    Ok(Frame {
        at,
        line,
        next_line: lines.line,
        bytes: journal.get(at..lines.at).unwrap_or(&[]),
        hashed: journal.get(at..hashed_end).unwrap_or(&[]),
        body: Body { time, kind, fields },
        number,
        chain,
    })
}

fn first_line(lines: &mut Lines<'_>) -> Result<(Moment, Kind), FrameFault> {
    let text = lines.next()?;
    let parts = text
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_prefix('['));
    let parts = parts.and_then(|rest| rest.split_once("][Type:"));
    let parsed = parts.and_then(|(time, kind)| {
        let kind = match kind.strip_suffix(']')? {
            "NewJournalFile" => Kind::NewJournalFile,
            "ActivityRecord" => Kind::ActivityRecord,
            _ => return None,
        };
        Some((time.parse().ok()?, kind))
    });
    parsed.ok_or_else(|| lines.damage("no record begins here"))
}

fn block(lines: &mut Lines<'_>) -> Result<Vec<String>, FrameFault> {
    let mut block = Vec::new();
    loop {
        let text = lines.next()?;
        if text == END_VALUE {
            return Ok(block);
        }
        if text.starts_with('[') {
            return Err(lines.damage("a record inside a value"));
        }
        let plain = if is_framing_like(text) {
            text.get(1..).unwrap_or(text)
        } else {
            text
        };
        block.push(plain.to_owned());
    }
}

fn number_of(text: &str, lines: &Lines<'_>) -> Result<u64, FrameFault> {
    let number: Option<u64> = text.parse().ok();
    number
        .filter(|number| number.to_string() == text)
        .ok_or_else(|| lines.damage("a record number that is none"))
}

fn chain_of(text: &str, lines: &Lines<'_>) -> Result<[u8; 32], FrameFault> {
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let chain = if lower {
        crate::hash::from_hex(text)
    } else {
        None
    };
    chain.ok_or_else(|| lines.damage("a chain that is no SHA-256"))
}

/// Hands out lines, and knows where it is.
struct Lines<'a> {
    journal: &'a [u8],
    start: usize,
    at: usize,
    /// Number of the line at `at`.
    line: u64,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str, FrameFault> {
        let rest = self.journal.get(self.at..).unwrap_or(&[]);
        let Some(end) = rest.iter().position(|&byte| byte == b'\n') else {
            return Err(if rest.len() > RECORD_BYTES_MAX {
                self.damage("a line longer than any that is written")
            } else {
                FrameFault::Incomplete
            });
        };
        let whole = rest.get(..end).unwrap_or(rest);
        let Some(text) = whole.strip_suffix(b"\r") else {
            return Err(self.damage(
                "a line that ends in LF alone; journals have CRLF (was it saved by a text tool?)",
            ));
        };
        let Ok(text) = std::str::from_utf8(text) else {
            return Err(self.damage("bytes that are no UTF-8 text"));
        };
        if text.contains(|c: char| c.is_control()) {
            return Err(self.damage("control characters"));
        }
        self.at = self.at.saturating_add(end).saturating_add(1);
        self.line = self.line.saturating_add(1);
        Ok(text)
    }

    fn damage(&self, what: &str) -> FrameFault {
        FrameFault::Damage(Damage::new("framing", self.line, self.start, what))
    }
}

/// Returns where the next record may begin at or behind `at`, and its line; `None` when no further
/// one begins.
pub(super) fn next_begin(journal: &[u8], at: usize, line: u64) -> Option<(usize, u64)> {
    let rest = journal.get(at..)?;
    let found = rest
        .windows(BEGIN.len())
        .position(|window| window == BEGIN.as_bytes())?;
    let passed = rest
        .get(..found)?
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count();
    Some((
        at.checked_add(found)?,
        line.checked_add(u64::try_from(passed).ok()?)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(lines: &[&str]) -> Vec<u8> {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        let fields = vec![
            ("A".to_owned(), Value::Line("1: 2".to_owned())),
            ("B".to_owned(), Value::Block(lines)),
        ];
        let body = Body {
            time: Moment(0),
            kind: Kind::ActivityRecord,
            fields,
        };
        [body.head(), number_line(3), tail(&[0xab; 32])]
            .concat()
            .into_bytes()
    }

    #[test]
    fn a_value_line_that_looks_like_framing_comes_back() {
        let lines = [
            "[EndValue]",
            "\\[EndValue]",
            "\\\\[x",
            "[EndUpdateRecord]",
            "",
            "plain [EndValue]",
            "\\plain",
        ];
        let bytes = record(&lines);
        let Ok(frame) = read(&bytes, 0, 1) else {
            panic!("just written")
        };
        assert!(
            frame.body.fields[1].1
                == Value::Block(lines.iter().map(|line| (*line).to_owned()).collect())
        );
        assert_eq!(
            (frame.number, frame.chain, frame.next_line),
            (3, [0xab; 32], 15)
        );
        assert_eq!(frame.bytes, bytes);
        assert!(frame.hashed.ends_with(b"Record: 3\r\n"));
    }

    #[test]
    fn a_record_cut_anywhere_is_incomplete_and_nothing_else() {
        let bytes = record(&["x", "[y"]);
        for cut in 0..bytes.len() {
            assert!(
                matches!(read(&bytes[..cut], 0, 1), Err(FrameFault::Incomplete)),
                "{cut}"
            );
        }
    }

    #[test]
    fn a_record_never_runs_into_the_next_one() {
        let one = String::from_utf8(record(&["x"])).expect("text");
        for lost in ["[EndUpdateRecord]\r\n", "[EndValue]\r\n"] {
            let both = [one.replace(lost, ""), one.clone()].concat();
            assert!(
                matches!(read(both.as_bytes(), 0, 1), Err(FrameFault::Damage(_))),
                "{lost}"
            );
        }
        assert!(matches!(
            read(one.replace("\r\n", "\n").as_bytes(), 0, 1),
            Err(FrameFault::Damage(_))
        ));
    }
}
