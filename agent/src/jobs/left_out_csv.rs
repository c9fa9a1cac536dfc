//! `<serial>.left-out.csv`: every file that is not on a drive, usable as the next listing.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use shared::job::{LeftOut, LeftOutReason};

use crate::journal_file::{AppendError, AppendFile};

/// The file, made with its first row.
pub(super) struct LeftOutCsv {
    folders: Vec<PathBuf>,
    name: String,
    file: Option<AppendFile>,
    sum: Sha256,
}

impl LeftOutCsv {
    /// Returns a file that is not there yet.
    #[must_use]
    pub(super) fn new(folders: &[PathBuf], name: &str) -> Self {
        Self {
            folders: folders.to_vec(),
            name: name.to_owned(),
            file: None,
            sum: Sha256::new(),
        }
    }

    /// Appends rows and makes them durable; returns the SHA-256 of the whole file. A row's length
    /// is in `bytes` of its pair.
    ///
    /// # Errors
    /// [`AppendError`].
    pub(super) fn append(&mut self, rows: &[(LeftOut, u64)]) -> Result<[u8; 32], AppendError> {
        let mut text = String::new();
        if self.file.is_none() {
            self.file = Some(AppendFile::create(&self.folders, &self.name)?);
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
        Ok(self.sum.clone().finalize().into())
    }
}

/// Reads such a file back; `None` when it cannot be read or is not one.
#[must_use]
pub fn read_left_out(path: &Path) -> Option<Vec<LeftOut>> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut rest = text.strip_prefix(HEAD)?;
    let mut files = Vec::new();
    while let Some(row) = rest.strip_prefix('"') {
        // A quote that is not doubled ends the path, whatever line ends are in it.
        let mut from = 0_usize;
        let end = loop {
            let at = from.checked_add(row.get(from..)?.find('"')?)?;
            match row.as_bytes().get(at.checked_add(1)?) {
                Some(b'"') => from = at.checked_add(2)?,
                _ => break at,
            }
        };
        let path = row.get(..end)?.replace("\"\"", "\"");
        let (line, after) = row.get(end.checked_add(1)?..)?.split_once("\r\n")?;
        let reason = LeftOutReason::from_code(line.rsplit_once(',')?.1)?;
        files.push(LeftOut { path, reason });
        rest = after;
    }
    rest.is_empty().then_some(files)
}

const HEAD: &str = "path,bytes,reason\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_reads_back_whatever_its_name_holds() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folders = [folder.path().to_owned()];
        let mut csv = LeftOutCsv::new(&folders, "D.left-out.csv");
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
        assert_eq!(read_left_out(&path), Some(expected));
    }
}
