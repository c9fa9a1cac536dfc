//! `<serial>.left-out.csv`: every file that is not on a drive, usable as the next listing.

use std::path::Path;

use sha2::{Digest, Sha256};
use shared::job::{LeftOut, LeftOutReason};

use crate::journal_file::{AppendError, AppendFile};
use crate::shelf::Shelves;

/// The file, made with its first row.
pub(super) struct LeftOutCsv {
    shelves: Shelves,
    name: String,
    file: Option<AppendFile>,
    sum: Sha256,
}

impl LeftOutCsv {
    /// Returns a file that is not there yet.
    #[must_use]
    pub(super) fn new(shelves: &Shelves, name: &str) -> Self {
        Self {
            shelves: shelves.clone(),
            name: name.to_owned(),
            file: None,
            sum: Sha256::new(),
        }
    }

    /// Goes on with a file that holds `content`, whole rows; every copy then holds that and nothing
    /// else.
    ///
    /// # Errors
    /// [`AppendError`].
    pub(super) fn reopen(
        shelves: &Shelves,
        name: &str,
        content: &[u8],
    ) -> Result<Self, AppendError> {
        let mut sum = Sha256::new();
        sum.update(content);
        Ok(Self {
            shelves: shelves.clone(),
            name: name.to_owned(),
            file: Some(AppendFile::reopen(shelves, name, content)?),
            sum,
        })
    }

    /// Returns the SHA-256 of the whole file.
    pub(super) fn hash(&self) -> [u8; 32] {
        self.sum.clone().finalize().into()
    }

    /// Appends rows and makes them durable; returns the SHA-256 of the whole file. A row's length
    /// is in `bytes` of its pair.
    ///
    /// # Errors
    /// [`AppendError`].
    pub(super) fn append(&mut self, rows: &[(LeftOut, u64)]) -> Result<[u8; 32], AppendError> {
        let mut text = String::new();
        if self.file.is_none() {
            self.file = Some(AppendFile::create(&self.shelves, &self.name)?);
            text.push_str(HEAD);
        }
        for (left_out, bytes) in rows {
            let path = left_out.path.replace('"', "\"\"");
            text.push_str(&format!(
                "\"{path}\",{bytes},{}\r\n",
                left_out.reason.code()
            ));
        }
        self.sum.update(text.as_bytes());
        if let Some(file) = &mut self.file {
            file.append(text.as_bytes())?;
            file.sync()?;
        }
        Ok(self.hash())
    }
}

/// Reads such a file back; `None` when it cannot be read or is not one.
#[must_use]
pub fn read_left_out(path: &Path) -> Option<Vec<LeftOut>> {
    let bytes = std::fs::read(path).ok()?;
    let mut rows = Rows::new(&bytes)?;
    let files = rows.by_ref().map(|row| row.file).collect();
    (rows.at == bytes.len()).then_some(files)
}

/// The whole rows of such a file; a torn one at its end is not among them.
pub(super) struct Rows<'a> {
    bytes: &'a [u8],
    /// Where the next row begins.
    at: usize,
}

/// One row.
pub(super) struct Row {
    /// The file and the reason.
    pub file: LeftOut,
    /// Where the row ends.
    pub end: usize,
}

impl<'a> Rows<'a> {
    /// Returns the rows; `None` when the file does not begin as one.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let at = HEAD.len();
        bytes
            .starts_with(HEAD.as_bytes())
            .then_some(Self { bytes, at })
    }

    fn row(&self) -> Option<Row> {
        let rest = self.bytes.get(self.at..)?.strip_prefix(b"\"")?;
        // A quote that is not doubled ends the path, whatever line ends are in it.
        let mut from = 0_usize;
        let end = loop {
            let quote = rest.get(from..)?.iter().position(|byte| *byte == b'"')?;
            let at = from.checked_add(quote)?;
            match rest.get(at.checked_add(1)?) {
                Some(b'"') => from = at.checked_add(2)?,
                _ => break at,
            }
        };
        let path = std::str::from_utf8(rest.get(..end)?).ok()?;
        let path = path.replace("\"\"", "\"");
        let behind = rest.get(end.checked_add(1)?..)?;
        let length = behind.windows(2).position(|pair| pair == b"\r\n")?;
        let line = std::str::from_utf8(behind.get(..length)?).ok()?;
        let reason = LeftOutReason::from_code(line.rsplit_once(',')?.1)?;
        let row_bytes = end.checked_add(length)?.checked_add(1 + 1 + 2)?;
        Some(Row {
            file: LeftOut { path, reason },
            end: self.at.checked_add(row_bytes)?,
        })
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let row = self.row()?;
        self.at = row.end;
        Some(row)
    }
}

pub(super) const HEAD: &str = "path,bytes,reason\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_reads_back_whatever_its_name_holds() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let shelves = Shelves::of_folders(&[folder.path().to_owned()]);
        let mut csv = LeftOutCsv::new(&shelves, "D.left-out.csv");
        let names = [
            "a/plain",
            "with \"quotes\"",
            "line\r\nend",
            "comma,\"",
            "\"",
            "",
        ];
        let rows = names.map(|path| {
            (
                LeftOut {
                    path: path.to_owned(),
                    reason: LeftOutReason::Changed,
                },
                7,
            )
        });
        csv.append(&rows[..2]).expect("a folder that takes files");
        let hash = csv.append(&rows[2..]).expect("a folder that takes files");
        let path = folder.path().join("D.left-out.csv");
        let bytes = std::fs::read(&path).expect("just written");
        assert_eq!(<[u8; 32]>::from(Sha256::digest(&bytes)), hash);
        let expected: Vec<LeftOut> = rows.into_iter().map(|(file, _)| file).collect();
        assert_eq!(read_left_out(&path), Some(expected.clone()));
        for length in HEAD.len()..bytes.len() {
            let rows = Rows::new(&bytes[..length]).expect("its beginning is there");
            let found: Vec<LeftOut> = rows.map(|row| row.file).collect();
            assert!(found.len() < expected.len() && expected.starts_with(&found));
        }
    }
}
