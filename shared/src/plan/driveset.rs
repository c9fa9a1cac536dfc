//! driveset.csv: which drives, and how (azure-import-export.md, 2.3).

use std::collections::HashMap;

use bitlocker_image::RecoveryPassword;

use super::table::{CsvError, Row, Table, cut, text_of};

/// One row of a drive set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrivesetRow {
    /// The line in the file, from 1.
    pub line: u64,
    /// The drive as written: a letter (`G`), or a path where there are no letters (`/dev/sdb`).
    pub drive: String,
    /// Whether it is to be formatted (`Format`), or keeps its volume (`AlreadyFormatted`).
    pub format: bool,
    /// Whether the tool was told not to ask (`SilentMode`).
    pub silent: bool,
    /// The key of a drive that is encrypted already (`AlreadyEncrypted`); none for `Encrypt`. Together
    /// with `format` the keys stay and the file system is made anew: the Windows tool has no word for
    /// that, and refuses it.
    pub existing_key: Option<RecoveryPassword>,
}

/// Reads a driveset.csv, in UTF-8 or UTF-16.
///
/// # Errors
/// Every [`CsvError`] that there is, at most 100. None of them repeats a key.
pub fn read_driveset(csv: &[u8]) -> Result<Vec<DrivesetRow>, Vec<CsvError>> {
    let text = text_of(csv).map_err(|error| vec![error])?;
    let table = Table::new(&text, &COLUMNS).map_err(|error| vec![error])?;
    if let Some(missing) = COLUMNS
        .iter()
        .find(|name| **name != KEY && !table.has(name))
    {
        let what = "the column is missing".to_owned();
        return Err(vec![CsvError {
            line: 1,
            column: (*missing).to_owned(),
            what,
        }]);
    }
    let mut rows: Vec<DrivesetRow> = Vec::new();
    let mut taken = HashMap::new();
    table.each(|row| {
        let row = read_row(row)?;
        if let Some(before) = taken.insert(row.drive.clone(), row.line) {
            let what = format!("line {before} names the same drive");
            return Err(CsvError {
                line: row.line,
                column: DRIVE.to_owned(),
                what,
            });
        }
        rows.push(row);
        Ok(())
    })?;
    if rows.is_empty() {
        return Err(vec![CsvError {
            line: 1,
            column: String::new(),
            what: "no row behind the header".to_owned(),
        }]);
    }
    Ok(rows)
}

fn read_row(row: &Row<'_>) -> Result<DrivesetRow, CsvError> {
    let drive = drive(row)?;
    let format = one_of(row, FORMAT, ["Format", "AlreadyFormatted"])?;
    let silent = one_of(row, SILENT, ["SilentMode", "PromptOnFormat"])?;
    let encrypt = one_of(row, ENCRYPTION, ["Encrypt", "AlreadyEncrypted"])?;
    let key = row.field(KEY).trim();
    let existing_key = match (encrypt, key.is_empty()) {
        (true, true) => None,
        (true, false) => {
            return Err(row.fault(KEY, "BitLocker key should not be specified with Encrypt"));
        }
        (false, true) if format => {
            return Err(row.fault(
                ENCRYPTION,
                "When Format is specified, Encrypt must also be specified; or name the 48-digit recovery password \
                 that is to stay",
            ));
        }
        (false, true) => {
            return Err(row.fault(
                KEY,
                "AlreadyEncrypted needs the drive's 48-digit recovery password",
            ));
        }
        (false, false) => Some(
            key.parse()
                .map_err(|error| row.fault(KEY, format!("{error}")))?,
        ),
    };
    Ok(DrivesetRow {
        line: row.line,
        drive,
        format,
        silent,
        existing_key,
    })
}

/// A letter, with or without a colon, in upper case; or an absolute path.
fn drive(row: &Row<'_>) -> Result<String, CsvError> {
    let written = row.field(DRIVE).trim();
    let letter = written
        .strip_suffix(":\\")
        .or_else(|| written.strip_suffix(':'))
        .unwrap_or(written);
    if letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(letter.to_ascii_uppercase());
    }
    if written.starts_with('/') && !written.contains(|c: char| c.is_control()) {
        return Ok(written.to_owned());
    }
    Err(row.fault(
        DRIVE,
        format!(
            "\"{}\" is neither a drive letter nor an absolute path",
            cut(written)
        ),
    ))
}

/// Returns whether the field is the first of the two words. The fault is in the Windows tool's words
/// (azure-import-export.md, 1.6), which calls an empty field "none".
fn one_of(row: &Row<'_>, column: &str, words: [&str; 2]) -> Result<bool, CsvError> {
    let word = cut(row.field(column).trim());
    match words
        .iter()
        .position(|known| known.eq_ignore_ascii_case(&word))
    {
        Some(index) => Ok(index == 0),
        None => Err(row.fault(
            column,
            format!(
                "Incorrect value for {column}: {}; it is {} or {}",
                if word.is_empty() { "none" } else { &word },
                words[0],
                words[1]
            ),
        )),
    }
}

const DRIVE: &str = "DriveLetter";
const FORMAT: &str = "FormatOption";
const SILENT: &str = "SilentOrPromptOnFormat";
const ENCRYPTION: &str = "Encryption";
const KEY: &str = "ExistingBitLockerKey";
const COLUMNS: [&str; 5] = [DRIVE, FORMAT, SILENT, ENCRYPTION, KEY];

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey\n";
    const KEY_TEXT: &str = "060456-014509-132033-080300-252615-584177-672089-411631";

    #[test]
    fn the_public_samples_are_read() {
        let csv = format!(
            "{HEADER}G,AlreadyFormatted,SilentMode,AlreadyEncrypted,{KEY_TEXT}\nh,Format,SilentMode,Encrypt,\n/dev/sdb,Format,PromptOnFormat,Encrypt,\n"
        );
        let rows = read_driveset(csv.as_bytes()).expect("the public form");
        assert_eq!(
            rows[0]
                .existing_key
                .as_ref()
                .map(|key| key.reveal().to_string())
                .as_deref(),
            Some(KEY_TEXT)
        );
        assert_eq!((rows[0].format, rows[0].silent), (false, true));
        assert_eq!(
            (
                rows[1].drive.as_str(),
                rows[1].format,
                rows[1].existing_key.is_none()
            ),
            ("H", true, true)
        );
        assert_eq!(
            (rows[2].drive.as_str(), rows[2].silent, rows[2].line),
            ("/dev/sdb", false, 4)
        );
    }

    #[test]
    fn a_drive_that_keeps_its_keys_may_get_a_new_file_system() {
        let csv = format!("{HEADER}G,Format,SilentMode,AlreadyEncrypted,{KEY_TEXT}\n");
        let rows = read_driveset(csv.as_bytes()).expect("our own form");
        assert!(rows[0].format && rows[0].existing_key.is_some());
    }

    #[test]
    fn every_wrong_row_is_named_with_line_and_column() {
        for (text, column, words) in [
            (
                "GG,Format,SilentMode,Encrypt,",
                DRIVE,
                "neither a drive letter",
            ),
            (
                "G,,SilentMode,Encrypt,",
                FORMAT,
                "FormatOption: none; it is Format or",
            ),
            (
                "G,Format,,Encrypt,",
                SILENT,
                "Incorrect value for SilentOrPromptOnFormat: none; it is",
            ),
            (
                "G,Format,SilentMode,Both,",
                ENCRYPTION,
                "Incorrect value for Encryption: Both",
            ),
            (
                "G,Format,SilentMode,AlreadyEncrypted,",
                ENCRYPTION,
                "When Format is specified, Encrypt must also be specified",
            ),
            (
                "G,AlreadyFormatted,SilentMode,AlreadyEncrypted,",
                KEY,
                "48-digit",
            ),
            (
                "G,AlreadyFormatted,SilentMode,AlreadyEncrypted,12345",
                KEY,
                "5",
            ),
            (
                "G,Format,SilentMode,Encrypt,060456",
                KEY,
                "should not be specified",
            ),
            (
                "h:,Format,SilentMode,Encrypt,",
                DRIVE,
                "line 2 names the same drive",
            ),
        ] {
            let csv = format!("{HEADER}H,Format,SilentMode,Encrypt,\n{text}\n");
            let errors = read_driveset(csv.as_bytes()).expect_err(text);
            assert_eq!(
                (errors.len(), errors[0].line, errors[0].column.as_str()),
                (1, 3, column),
                "{errors:?}"
            );
            assert!(errors[0].what.contains(words), "{errors:?}");
        }
    }

    #[test]
    fn the_key_that_fails_its_own_check_is_refused_without_being_repeated() {
        // The command line page's sample: all eight groups fail (azure-import-export.md, 6.3).
        let key = "439675-460165-128202-905124-487224-524332-851649-442187";
        let csv = format!("{HEADER}G,AlreadyFormatted,SilentMode,AlreadyEncrypted,{key}\n");
        let errors = read_driveset(csv.as_bytes()).expect_err("wrong");
        assert_eq!(errors[0].column, KEY);
        assert!(!errors[0].what.contains("439675"), "{errors:?}");
    }

    #[test]
    fn a_missing_column_is_named() {
        let errors = read_driveset(b"DriveLetter,FormatOption,Encryption\n").expect_err("wrong");
        assert_eq!(errors[0].column, SILENT);
    }
}
