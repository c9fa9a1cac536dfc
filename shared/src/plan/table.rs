//! CSV with a header, read for people who wrote it by hand or with a spreadsheet.

use std::borrow::Cow;
use std::collections::HashMap;

use csv::{Reader, ReaderBuilder, StringRecord};
use thiserror::Error;

/// What is wrong with a CSV file, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}{}{column}: {what}", if column.is_empty() { "" } else { ", column " })]
pub struct CsvError {
    /// The line, from 1.
    pub line: u64,
    /// The column's name; empty for a fault of the whole line.
    pub column: String,
    /// The fault, in words.
    pub what: String,
}

/// Errors beyond these are not worth reading.
pub(super) const ERRORS_MAX: usize = 100;

/// A table's rows, by the names in its header. Names may stand in any order and case, since people
/// sort columns.
pub(super) struct Table<'a> {
    reader: Reader<&'a [u8]>,
    text: &'a str,
    /// Column of each known name.
    columns: HashMap<&'static str, usize>,
    width: usize,
}

/// One row.
pub(super) struct Row<'a> {
    /// The line, from 1.
    pub(super) line: u64,
    record: &'a StringRecord,
    columns: &'a HashMap<&'static str, usize>,
}

/// Returns the text of a file in UTF-8 or UTF-16, the mark at its beginning left off: spreadsheets
/// on Windows write both.
///
/// # Errors
/// [`CsvError`] with the line of the first byte that is neither.
pub(super) fn text_of(bytes: &[u8]) -> Result<Cow<'_, str>, CsvError> {
    let error = |line: usize, what: &str| CsvError {
        line: u64::try_from(line).unwrap_or(u64::MAX),
        column: String::new(),
        what: what.to_owned(),
    };
    let units = |from_bytes: fn([u8; 2]) -> u16, rest: &[u8]| {
        let (pairs, odd) = rest.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| from_bytes(*pair)).collect();
        String::from_utf16(&units).ok().filter(|_| odd.is_empty())
    };
    let wide = match bytes {
        [0xff, 0xfe, rest @ ..] => Some(units(u16::from_le_bytes, rest)),
        [0xfe, 0xff, rest @ ..] => Some(units(u16::from_be_bytes, rest)),
        _ => None,
    };
    if let Some(wide) = wide {
        return wide
            .map(Cow::Owned)
            .ok_or_else(|| error(1, "the file begins like UTF-16, but is no UTF-16 text"));
    }
    let plain = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    match std::str::from_utf8(plain) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(fault) => {
            let before = plain.get(..fault.valid_up_to()).unwrap_or(plain);
            let lines = before.iter().filter(|&&byte| byte == b'\n').count();
            Err(error(
                lines.saturating_add(1),
                "bytes that are no UTF-8 text; save the file as UTF-8",
            ))
        }
    }
}

impl<'a> Table<'a> {
    /// Reads the header. `known` are the names that may stand in it.
    ///
    /// # Errors
    /// [`CsvError`] for a name that is not known or stands twice.
    pub(super) fn new(text: &'a str, known: &[&'static str]) -> Result<Self, CsvError> {
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut header = StringRecord::new();
        let fault = |what: String, column: &str| CsvError {
            line: 1,
            column: column.to_owned(),
            what,
        };
        let found = reader
            .read_record(&mut header)
            .map_err(|error| fault(error.to_string(), ""))?;
        if !found {
            return Err(fault(
                format!(
                    "the file is empty; its first line should be {}",
                    known.join(",")
                ),
                "",
            ));
        }
        let mut columns = HashMap::new();
        for (index, name) in header.iter().enumerate() {
            let name = name.trim();
            let Some(known_name) = known.iter().find(|known| known.eq_ignore_ascii_case(name))
            else {
                let what = format!(
                    "no such column; the first line names columns out of {}",
                    known.join(",")
                );
                return Err(fault(what, name));
            };
            if columns.insert(*known_name, index).is_some() {
                return Err(fault("the column stands twice".to_owned(), name));
            }
        }
        Ok(Self {
            reader,
            text,
            columns,
            width: header.len(),
        })
    }

    /// Returns whether the header has a column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    /// Hands every row to `take` and collects what it finds wrong.
    ///
    /// # Errors
    /// Every [`CsvError`], at most [`ERRORS_MAX`].
    pub(super) fn each(
        mut self,
        mut take: impl FnMut(&Row<'_>) -> Result<(), CsvError>,
    ) -> Result<(), Vec<CsvError>> {
        let mut errors = Vec::new();
        let mut record = StringRecord::new();
        let mut lines = Lines {
            text: self.text,
            at: 0,
            line: 1,
        };
        while errors.len() < ERRORS_MAX {
            let from = self.reader.position().byte();
            let line = lines.of(from);
            match self.reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => {
                    errors.push(CsvError {
                        line,
                        column: String::new(),
                        what: error.to_string(),
                    });
                    break;
                }
            }
            let behind_blank =
                |field: &str| field.starts_with(' ') && field.trim_start().starts_with('"');
            let through = self.reader.position().byte();
            if record.iter().any(behind_blank) && quotes_late(between(self.text, from, through)) {
                errors.push(CsvError {
                    line,
                    column: String::new(),
                    what: "a blank stands before a quote; a quote comes right behind the comma"
                        .to_owned(),
                });
                continue;
            }
            if record.len() != self.width {
                let what = format!(
                    "{} columns; the first line has {}",
                    record.len(),
                    self.width
                );
                errors.push(CsvError {
                    line,
                    column: String::new(),
                    what,
                });
                continue;
            }
            let row = Row {
                line,
                record: &record,
                columns: &self.columns,
            };
            errors.extend(take(&row).err());
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}

/// Counts lines. The reader's own count is behind where lines end in CRLF or are empty.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// Returns the line of the record that the reader finds from `byte` on; places only go forward.
    fn of(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let from = usize::try_from(byte)
            .unwrap_or(bytes.len())
            .min(bytes.len());
        let blank = bytes
            .get(from..)
            .unwrap_or(&[])
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let start = from.saturating_add(blank);
        let passed = bytes
            .get(self.at..start)
            .unwrap_or(&[])
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        self.line = self
            .line
            .saturating_add(u64::try_from(passed).unwrap_or(u64::MAX));
        self.at = start;
        self.line
    }
}

impl<'a> Row<'a> {
    /// Returns a row that stands in no file: line 0.
    pub(super) const fn of(
        record: &'a StringRecord,
        columns: &'a HashMap<&'static str, usize>,
    ) -> Self {
        Self {
            line: 0,
            record,
            columns,
        }
    }

    /// Returns the field, exactly as written; empty when the table has no such column.
    pub(super) fn field(&self, name: &str) -> &str {
        self.columns
            .get(name)
            .and_then(|&index| self.record.get(index))
            .unwrap_or("")
    }

    /// Returns an error about a field.
    pub(super) fn fault(&self, column: &str, what: impl Into<String>) -> CsvError {
        CsvError {
            line: self.line,
            column: column.to_owned(),
            what: what.into(),
        }
    }
}

/// Returns a field as it stands in a file: quoted where it holds a comma, a quote or a line end, begins
/// or ends with a space, or is empty.
pub fn field(text: &str) -> String {
    let quoted = text.contains(['"', ',', '\n', '\r'])
        || text.starts_with(' ')
        || text.ends_with(' ')
        || text.is_empty();
    if quoted {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Cuts what a file says to what a person wants to read of it.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Returns the text from one byte offset to another.
fn between(text: &str, from: u64, through: u64) -> &str {
    let offset = |at: u64| usize::try_from(at).ok();
    let range = offset(from).zip(offset(through));
    range
        .and_then(|(from, through)| text.get(from..through))
        .unwrap_or("")
}

/// Returns whether a quote stands behind blanks at the beginning of a field, where it quotes nothing.
fn quotes_late(record: &str) -> bool {
    let (mut is_quoted, mut is_blank_so_far, mut blanks) = (false, true, false);
    for found in record.chars() {
        match found {
            // A doubled quote leaves and enters again.
            '"' if is_quoted => is_quoted = false,
            _ if is_quoted => {}
            '"' if is_blank_so_far && blanks => return true,
            '"' => (is_quoted, is_blank_so_far) = (true, false),
            ',' => (is_blank_so_far, blanks) = (true, false),
            ' ' => blanks = true,
            // A record begins with what ended the one before.
            '\r' | '\n' => {}
            _ => is_blank_so_far = false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_spreadsheet_is_read_in_any_of_its_encodings() {
        let utf16: Vec<u8> = "a,é😀\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(
            text_of(&[&[0xff, 0xfe], utf16.as_slice()].concat()).as_deref(),
            Ok("a,é😀\n")
        );
        assert_eq!(text_of("\u{feff}a,é".as_bytes()).as_deref(), Ok("a,é"));
        assert_eq!(text_of(b"a\nb\n\xe9").expect_err("Latin-1").line, 3);
        assert!(text_of(&[0xff, 0xfe, 0]).is_err());
        assert!(text_of(&[0xfe, 0xff, 0xd8, 0]).is_err());
    }
}
