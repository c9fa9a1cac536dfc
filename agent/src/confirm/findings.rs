//! Findings as they come: the first in memory, all of them in a CSV file, where there is one.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::Finding;

/// Findings that are kept in memory and shown; the rest is counted.
const SHOWN_MAX: usize = 1000;
const HEAD: &[u8] = b"code,blob,file,drive,bytes,modified,message\r\n";

/// What is found while everything is compared. In memory: a thousand findings, however many there are.
#[derive(Debug)]
pub struct Findings {
    shown: Vec<Finding>,
    more: u64,
    /// The file with all of them, until it fails.
    csv: io::Result<Option<BufWriter<File>>>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The first 1,000.
    pub shown: Vec<Finding>,
    /// How many there are besides.
    pub more: u64,
    /// The file with all of them, or why it has not all; `None` where nobody wanted one.
    pub csv: io::Result<Option<File>>,
}

impl Findings {
    /// Begins with none. A file that could not be made, or fails later, ends no comparison: it is told of at the end.
    #[must_use]
    pub fn new(csv: io::Result<Option<File>>) -> Self {
        let csv = csv.and_then(|file| {
            let mut file = file.map(BufWriter::new);
            if let Some(file) = &mut file {
                file.write_all(HEAD)?;
            }
            Ok(file)
        });
        Self {
            shown: Vec::new(),
            more: 0,
            csv,
        }
    }

    /// Takes the next one.
    pub fn take(&mut self, finding: Finding) {
        if let Ok(Some(file)) = &mut self.csv
            && let Err(error) = file.write_all(row(&finding).as_bytes())
        {
            self.csv = Err(error);
        }
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(finding);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Returns them all.
    #[must_use]
    pub fn finish(self) -> Found {
        let csv = self.csv.and_then(|file| {
            let file = file.map(|file| file.into_inner().map_err(io::IntoInnerError::into_error));
            file.transpose()
        });
        Found {
            shown: self.shown,
            more: self.more,
            csv,
        }
    }
}

fn row(finding: &Finding) -> String {
    let of = |text: &Option<String>| quoted(text.as_deref().unwrap_or_default());
    format!(
        "{},{},{},{},{},{},{}\r\n",
        finding.code.word(),
        quoted(&finding.blob),
        of(&finding.file),
        of(&finding.drive),
        finding.bytes,
        of(&finding.modified),
        quoted(&finding.message)
    )
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};

    use super::super::Code;
    use super::*;

    fn missing(number: usize) -> Finding {
        let blob = format!("film/{number}\", x");
        Finding::new(Code::Missing, blob, 7, "it is not there")
    }

    #[test]
    fn the_first_thousand_are_shown_and_the_file_has_all() {
        let file = tempfile::tempfile().expect("room");
        let mut findings = Findings::new(Ok(Some(file)));
        (0..1003).for_each(|number| findings.take(missing(number)));
        let found = findings.finish();
        assert_eq!((found.shown.len(), found.more), (1000, 3));
        let mut file = found.csv.expect("written").expect("a file");
        let mut text = String::new();
        file.rewind().expect("a file of ours");
        file.read_to_string(&mut text).expect("a file of ours");
        assert_eq!(text.lines().count(), 1004);
        assert!(
            text.ends_with("missing,\"film/1002\"\", x\",\"\",\"\",7,\"\",\"it is not there\"\r\n"),
            "{text}"
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_of_and_the_rest_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("read only");
        std::fs::write(&path, "").expect("room");
        let file = File::open(&path).expect("it is there");
        let mut findings = Findings::new(Ok(Some(file)));
        (0..1003).for_each(|number| findings.take(missing(number)));
        let found = findings.finish();
        assert_eq!((found.shown.len(), found.more), (1000, 3));
        assert!(found.csv.is_err());
        let none = Findings::new(Err(io::ErrorKind::StorageFull.into())).finish();
        let error = none.csv.expect_err("no file");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
