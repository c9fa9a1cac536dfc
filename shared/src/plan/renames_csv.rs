//! New names for what cannot go as it is called, as CSV: proposed by a scan, looked at by a person, taken
//! by a plan.
//!
//! ```text
//! path,name[,rule]
//! reels/CON,CON_,Windows keeps this name for a device
//! ```
//! `path` is as in the listing, `name` the new last part of it; an empty one leaves the path out. `rule`
//! says what is wrong, and is passed over when read.

use std::collections::HashMap;

use super::table::{CsvError, Row, Table, cut, field, text_of};

/// One new name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameRow {
    /// Path below the source, parts joined by `/`.
    pub path: String,
    /// The new name of its last part.
    pub name: String,
}

/// Reads new names, in UTF-8 or UTF-16; rows without a new name are passed over. Whether a name will do
/// is not judged here: [`super::problems()`] does, with the new names in place.
///
/// # Errors
/// Every [`CsvError`] that there is, at most 100.
pub fn read_renames(csv: &[u8]) -> Result<Vec<RenameRow>, Vec<CsvError>> {
    let text = text_of(csv).map_err(|error| vec![error])?;
    let table = Table::new(&text, &COLUMNS).map_err(|error| vec![error])?;
    if let Some(missing) = [PATH, NAME].into_iter().find(|name| !table.has(name)) {
        let what = "the column is missing".to_owned();
        return Err(vec![CsvError {
            line: 1,
            column: missing.to_owned(),
            what,
        }]);
    }
    let mut rows = Vec::new();
    let mut taken = HashMap::new();
    table.each(|row| {
        if let Some(rename) = read_row(row)? {
            if let Some(before) = taken.insert(rename.path.clone(), row.line) {
                return Err(row.fault(PATH, format!("line {before} names it too")));
            }
            rows.push(rename);
        }
        Ok(())
    })?;
    Ok(rows)
}

/// The first line of a file of new names.
pub const HEADER: &str = "path,name,rule\n";

/// Returns the line of one new name, or of none where `name` is empty.
#[must_use]
pub fn line(path: &str, name: &str, rule: &str) -> String {
    let name = if name.is_empty() {
        String::new()
    } else {
        field(name)
    };
    format!("{},{name},{}\n", field(path), field(rule))
}

fn read_row(row: &Row<'_>) -> Result<Option<RenameRow>, CsvError> {
    let path = row.field(PATH).trim_end_matches('/');
    let name = row.field(NAME);
    if path.is_empty() {
        return Err(row.fault(PATH, "it is empty"));
    }
    if name.contains('/') {
        let what = format!(
            "\"{}\" holds a slash; it is the new name of the last part only",
            cut(name)
        );
        return Err(row.fault(NAME, what));
    }
    Ok((!name.is_empty()).then(|| RenameRow {
        path: path.to_owned(),
        name: name.to_owned(),
    }))
}

const PATH: &str = "path";
const NAME: &str = "name";
const COLUMNS: [&str; 3] = [PATH, NAME, "rule"];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_that_were_written_are_read_as_they_were(path in "[^/\\x00]{1,12}", name in "[^/\\x00]{1,12}") {
            let csv = [HEADER, &line(&path, &name, "a rule, in words"), &line("other", "", "none helps")].concat();
            prop_assert_eq!(read_renames(csv.as_bytes()), Ok(vec![RenameRow { path, name }]));
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _whatever = read_renames(&bytes);
        }
    }

    #[test]
    fn every_wrong_row_is_named_with_line_and_column() {
        for (text, column, words) in [
            (",b", PATH, "empty"),
            ("a,b/c", NAME, "holds a slash"),
            ("ok,c", PATH, "line 2 names it too"),
        ] {
            let csv = format!("path,name\nok,fine\n{text}\n");
            let errors = read_renames(csv.as_bytes()).expect_err(text);
            assert_eq!((errors.len(), errors[0].line), (1, 3), "{errors:?}");
            assert_eq!(errors[0].column, column);
            assert!(errors[0].what.contains(words), "{errors:?}");
        }
        assert_eq!(
            read_renames(b"path\na\n").expect_err("no names")[0].column,
            NAME
        );
    }
}
