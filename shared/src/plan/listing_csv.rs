//! A listing as CSV: what is to be planned, where nothing but names and sizes is at hand, and what
//! was left out.
//!
//! ```text
//! path,bytes[,modified[,reason]]
//! reels/one.mov,48318382080,2026/11/22 09:14:03.000
//! ```
//! A path has its parts joined by `/`; a folder's ends in one. `reason` is written by us beside
//! files that were left out and passed over when read, so that `<serial>.left-out.csv` is the next
//! listing as it is. A name that begins like a formula (`=`, `+`, `-`, `@`) stands as it is: a
//! spreadsheet may run it, another program must not find it changed.

use super::Entry;
use super::table::{CsvError, Row, Table, cut, field, text_of};
use crate::job::{LeftOutReason, Moment};

/// One row of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingRow {
    /// The line in the file, from 1.
    pub line: u64,
    /// Path, parts joined by `/`; a folder ends in `/`.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Last change; none when the column is missing or empty.
    pub modified: Option<Moment>,
}

/// Reads a listing row by row, in UTF-8 or UTF-16, and hands each to `each`.
///
/// # Errors
/// Every [`CsvError`] that there is, at most 100.
pub fn read_listing(csv: &[u8], each: &mut dyn FnMut(ListingRow)) -> Result<(), Vec<CsvError>> {
    let text = text_of(csv).map_err(|error| vec![error])?;
    let table = Table::new(&text, &COLUMNS).map_err(|error| vec![error])?;
    if let Some(missing) = [PATH, BYTES].into_iter().find(|name| !table.has(name)) {
        let what = "the column is missing".to_owned();
        return Err(vec![CsvError {
            line: 1,
            column: missing.to_owned(),
            what,
        }]);
    }
    table.each(|row| {
        each(read_row(row)?);
        Ok(())
    })
}

/// The first line of a listing of files that were left out.
pub const LEFT_OUT_HEADER: &str = "path,bytes,modified,reason\n";

/// Returns the line of one file that was left out. The line ends in LF; a path with commas, quotes
/// or line ends is quoted.
#[must_use]
pub fn left_out_line(
    path: &str,
    bytes: u64,
    modified: Option<Moment>,
    reason: LeftOutReason,
) -> String {
    let modified = modified.map_or_else(String::new, |moment| moment.to_string());
    format!("{},{bytes},{modified},{}\n", field(path), reason.code())
}

/// The first line of a listing.
pub const HEADER: &str = "path,bytes,modified\n";

/// Returns the line of one entry of a listing: of a folder, its path ends in `/`.
#[must_use]
pub fn line(entry: &Entry<'_>) -> String {
    let modified = Moment::of_file_time(entry.modified);
    let modified = modified.map_or_else(String::new, |moment| moment.to_string());
    let slash = if entry.is_folder { "/" } else { "" };
    let path = field(&format!("{}{slash}", entry.path));
    format!("{path},{},{modified}\n", entry.bytes)
}

fn read_row(row: &Row<'_>) -> Result<ListingRow, CsvError> {
    let path = row.field(PATH);
    let parts = path.strip_suffix('/').unwrap_or(path);
    if parts.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(row.fault(
            PATH,
            format!("\"{}\" is no path of names joined by /", cut(path)),
        ));
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(row.fault(PATH, "it is longer than any path of NTFS"));
    }
    let digits = row.field(BYTES).trim();
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let bytes = if plain { digits.parse().ok() } else { None };
    let bytes = bytes
        .ok_or_else(|| row.fault(BYTES, format!("\"{}\" is no number of bytes", cut(digits))))?;
    let modified = match row.field(MODIFIED).trim() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|error| row.fault(MODIFIED, format!("{error}")))?,
        ),
    };
    Ok(ListingRow {
        line: row.line,
        path: path.to_owned(),
        bytes,
        modified,
    })
}

const PATH: &str = "path";
const BYTES: &str = "bytes";
const MODIFIED: &str = "modified";
const COLUMNS: [&str; 4] = [PATH, BYTES, MODIFIED, "reason"];
/// 32,767 units of at most 3 bytes of UTF-8.
const PATH_BYTES_MAX: usize = 98_301;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ListedPath;
    use proptest::prelude::*;

    fn read(csv: &str) -> Result<Vec<ListingRow>, Vec<CsvError>> {
        let mut rows = Vec::new();
        read_listing(csv.as_bytes(), &mut |row| rows.push(row))?;
        Ok(rows)
    }

    #[test]
    fn a_listing_is_read_with_and_without_times() {
        let rows = read("path,bytes\na/b.mov,18446744073709551615\n\"c, d/\",0\n").expect("good");
        assert_eq!(
            (rows[0].path.as_str(), rows[0].bytes, rows[0].modified),
            ("a/b.mov", u64::MAX, None)
        );
        assert_eq!((rows[1].path.as_str(), rows[1].line), ("c, d/", 3));
        let rows = read("Path,Bytes,Modified\na,1,2016/11/02 18:24:14.735\nb,2,\n").expect("good");
        assert_eq!(rows[0].modified, Some(Moment(1_478_111_054_735)));
        assert_eq!(rows[1].modified, None);
    }

    #[test]
    fn every_wrong_row_is_named_with_line_and_column() {
        for (text, column) in [
            ("/a,1,", PATH),
            ("a//b,1,", PATH),
            ("../a,1,", PATH),
            (",1,", PATH),
            ("a,,", BYTES),
            ("a,-1,", BYTES),
            ("a,1.5,", BYTES),
            ("a,18446744073709551616,", BYTES),
            ("a,1,yesterday", MODIFIED),
            ("a,1", ""),
        ] {
            let errors = read(&format!("path,bytes,modified\nok,1,\n{text}\n")).expect_err(text);
            assert_eq!(
                (errors.len(), errors[0].line, errors[0].column.as_str()),
                (1, 3, column),
                "{errors:?}"
            );
        }
        assert_eq!(read("bytes\n1\n").expect_err("no path")[0].column, PATH);
    }

    proptest! {
        #[test]
        fn a_listing_that_was_written_is_read_as_it_was(path in "[^/\\x00]{1,12}", bytes: u64, is_folder: bool, at in 0_u64..200_000_000_000_000) {
            prop_assume!(path != "." && path != "..");
            let modified = Moment(at).file_time();
            let entry = Entry { path: ListedPath { folder: None, name: &path }, bytes, modified, is_folder, folder: super::super::FolderId::TOP };
            let row = &read(&[HEADER, &line(&entry)].concat()).expect("our own")[0];
            let expected = if is_folder { format!("{path}/") } else { path.clone() };
            prop_assert_eq!((&row.path, row.bytes, row.modified), (&expected, bytes, Some(Moment(at))));
        }

        #[test]
        fn files_left_out_are_the_next_listing(path in "[^/\\x00]{1,12}", bytes: u64, at in 0_u64..253_402_300_799_999) {
            prop_assume!(path != "." && path != "..");
            let moment = Some(Moment(at));
            let csv = [LEFT_OUT_HEADER, &left_out_line(&path, bytes, moment, LeftOutReason::Changed)].concat();
            prop_assert_eq!(read(&csv), Ok(vec![ListingRow { line: 2, path, bytes, modified: moment }]));
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut rows = 0_u64;
            let _whatever = read_listing(&bytes, &mut |_| rows = rows.saturating_add(1));
            let _whatever = super::super::dataset::read_dataset(&bytes);
            let _whatever = super::super::driveset::read_driveset(&bytes);
        }
    }
}
