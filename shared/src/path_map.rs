//! Path maps: where the originals of files are that a repair did not find.
//!
//! One file a line: its path on the drive, a tab, and the real path; no real path while nobody said it.
//! Source: azure-import-export.md 1.4 (storage-import-export-tool-repairing-an-import-job-v1.md).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use thiserror::Error;

/// Files by their paths on the drive, and where their originals are; empty while nobody said it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathMap(pub BTreeMap<String, String>);

/// A path map that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct PathMapError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl PathMap {
    /// Reads a path map: UTF-8, lines of any system, with or without a mark at its start.
    ///
    /// # Errors
    /// [`PathMapError`].
    pub fn read(bytes: &[u8]) -> Result<Self, PathMapError> {
        let wrong = |line, what: &str| PathMapError {
            line,
            what: what.to_owned(),
        };
        let text = std::str::from_utf8(bytes)
            .map_err(|_| wrong(1, "this is no text in UTF-8; save it as UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut map = Self::default();
        for (number, line) in (1..).zip(text.split('\n')) {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.trim().is_empty() {
                continue;
            }
            let (path, real) = line.split_once('\t').unwrap_or((line, ""));
            if !path.starts_with('\\') {
                return Err(wrong(
                    number,
                    "a line begins with the path on the drive, as in \\a\\b, and a tab",
                ));
            }
            if real.contains('\t') || line.contains(['\r', '\0']) {
                return Err(wrong(number, "there is more than a path behind the tab"));
            }
            let real = real.trim().to_owned();
            if map.0.insert(path.to_owned(), real).is_some() {
                return Err(wrong(number, "this path has a line already"));
            }
        }
        Ok(map)
    }

    /// Returns whether a line can begin with this path on a drive.
    #[must_use]
    pub fn can_hold(path: &str) -> bool {
        path.starts_with('\\') && !path.contains(['\t', '\n', '\r', '\0'])
    }

    /// Returns the text of the map. Every path must be one that a line can hold.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (path, real) in &self.0 {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{path}\t{real}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_sample_is_read() {
        let line = "\\animals\\koala.jpg\tC:\\Users\\bob\\Pictures\\animals\\koala.jpg\r\n";
        let map = PathMap::read(line.as_bytes()).expect("a map");
        assert_eq!(
            map.0.get("\\animals\\koala.jpg").map(String::as_str),
            Some("C:\\Users\\bob\\Pictures\\animals\\koala.jpg")
        );
    }

    #[test]
    fn what_is_written_is_read_again_and_a_path_without_an_answer_stays_without() {
        let text = "\u{feff}\\a b\\c\t/srv/c\n\n\\d\n\\e\t\n";
        let map = PathMap::read(text.as_bytes()).expect("a map");
        assert_eq!(map.0.len(), 3);
        assert_eq!(map.0.get("\\d").map(String::as_str), Some(""));
        assert_eq!(PathMap::read(map.text().as_bytes()), Ok(map));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for (text, line) in [
            ("/a\t/b", 1),
            ("\\a\t/b\n\\c\t/d\t/e", 2),
            ("\\a\t/b\n\n\\a\t/c", 3),
        ] {
            let error = PathMap::read(text.as_bytes()).expect_err(text);
            assert_eq!(error.line, line, "{error}");
        }
        assert!(PathMap::read(b"\xff\xfe\\\0").is_err());
        assert!(PathMap::can_hold("\\a b\\c"));
        for path in ["a", "", "\\a\t/etc/b", "\\a\n\\b"] {
            assert!(!PathMap::can_hold(path), "{path:?}");
        }
    }
}
