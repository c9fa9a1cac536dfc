//! dataset.csv: what goes where.
//!
//! Three generations of the Windows tool have three headers (azure-import-export.md, 2.1); all are
//! read:
//! ```text
//! BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile      blobs, 2017
//! BasePath,DstItemPathOrPrefix,ItemType,Disposition,MetadataFile,PropertiesFile      files, 2018 to 2020
//! BasePath,DstItemPathOrPrefix,ItemType                                              2.2.0.300
//! ```

use std::collections::HashMap;

use super::table::{Row, Table, cut, text_of};
use crate::blob_name::{self, Destination};
use crate::manifest::{BlobKind, Disposition};

pub use super::table::CsvError;

/// One row of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetRow {
    /// The line in the file, from 1.
    pub line: u64,
    /// Where the data is, as written: `E:\lab\`, `\\nas1\img\disk.vhdx`, `/srv/lab/`.
    pub base_path: String,
    /// Whether it is a folder (it ends in `\` or `/`).
    pub is_folder: bool,
    /// Where it goes: `container/`, `container/prefix/`, or for a file the whole blob path. An
    /// address before it (`https://account.../`) is left off.
    pub destination: String,
    /// What was asked for, Azure Files by `ItemType` = `file`; none = a blob of a kind by the file's name.
    pub kind: Option<BlobKind>,
    /// What the service does when the blob exists.
    pub disposition: Disposition,
    /// Path of a metadata file; none for `None` or an empty field.
    pub metadata_file: Option<String>,
    /// Path of a properties file; none for `None` or an empty field.
    pub properties_file: Option<String>,
}

/// Reads a dataset.csv of any of the three generations, in UTF-8 or UTF-16.
///
/// # Errors
/// Every [`CsvError`] that there is, at most 100.
pub fn read_dataset(csv: &[u8]) -> Result<Vec<DatasetRow>, Vec<CsvError>> {
    let text = text_of(csv).map_err(|error| vec![error])?;
    let table = Table::new(&text, &COLUMNS).map_err(|error| vec![error])?;
    let (target, kind) = check_header(&table).map_err(|error| vec![error])?;
    let mut rows = Vec::new();
    let mut taken = HashMap::new();
    table.each(|row| {
        let row = read_row(row, target, kind)?;
        if !row.is_folder
            && let Some(before) = taken.insert(row.destination.clone(), row.line)
        {
            let what = format!("line {before} goes to the same place");
            return Err(CsvError {
                line: row.line,
                column: target.to_owned(),
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

/// Reads one row that no file holds: fields by the names of the columns of the first generation, an empty
/// one as one that is not given. Errors name the column, and no line.
///
/// # Errors
/// [`CsvError`].
pub fn one_row(fields: &[(&'static str, &str)]) -> Result<DatasetRow, CsvError> {
    let names = fields.iter().map(|(name, _)| *name).zip(0..).collect();
    let record = fields.iter().map(|(_, value)| *value).collect();
    read_row(&Row::of(&record, &names), BLOB, BLOB_TYPE)
}

/// Returns the names of the columns that say where to and as what.
fn check_header(table: &Table<'_>) -> Result<(&'static str, &'static str), CsvError> {
    let fault = |column: &str, what: &str| {
        Err(CsvError {
            line: 1,
            column: column.to_owned(),
            what: what.to_owned(),
        })
    };
    if !table.has(BASE) {
        return fault(BASE, "the column is missing");
    }
    match (
        table.has(BLOB),
        table.has(ITEM),
        table.has(BLOB_TYPE),
        table.has(ITEM_TYPE),
    ) {
        (true, false, _, false) => Ok((BLOB, BLOB_TYPE)),
        (false, true, false, true) => Ok((ITEM, ITEM_TYPE)),
        (false, true, false, false) => fault(
            ITEM_TYPE,
            "the column is missing; it goes with DstItemPathOrPrefix",
        ),
        (false, false, _, _) => fault(BLOB, "the column is missing"),
        _ => fault(
            "",
            "DstBlobPathOrPrefix goes with BlobType, DstItemPathOrPrefix with ItemType; this header mixes them",
        ),
    }
}

fn read_row(row: &Row<'_>, target: &str, kind_column: &str) -> Result<DatasetRow, CsvError> {
    let base_path = base_path(row)?;
    let is_folder = base_path.ends_with(['\\', '/']);
    let kind = kind(row, kind_column)?;
    Ok(DatasetRow {
        line: row.line,
        is_folder,
        destination: destination(row, target, is_folder, kind == Some(BlobKind::File))?,
        base_path,
        kind,
        disposition: disposition(row)?,
        metadata_file: optional(row.field(METADATA)),
        properties_file: optional(row.field(PROPERTIES)),
    })
}

fn base_path(row: &Row<'_>) -> Result<String, CsvError> {
    let path = row.field(BASE);
    let bytes = path.as_bytes();
    let letter = bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
    let windows = letter || path.starts_with("\\\\");
    if path.is_empty() {
        return Err(row.fault(BASE, "it is empty"));
    }
    if path.contains(|c: char| c.is_control()) {
        return Err(row.fault(BASE, "it holds a control character"));
    }
    if letter && !matches!(bytes.get(2), Some(b'\\' | b'/')) {
        return Err(row.fault(
            BASE,
            format!(
                "\"{}\" is not absolute; a whole drive is \"E:\\\"",
                cut(path)
            ),
        ));
    }
    if !windows && !path.starts_with('/') {
        return Err(row.fault(BASE, format!("\"{}\" is not absolute", cut(path))));
    }
    if windows && path.contains(['*', '?']) {
        return Err(row.fault(
            BASE,
            format!(
                "\"{}\" holds a wildcard; name a folder (ending in \\) or a file",
                cut(path)
            ),
        ));
    }
    Ok(path.to_owned())
}

fn kind(row: &Row<'_>, column: &str) -> Result<Option<BlobKind>, CsvError> {
    let word = row.field(column).trim();
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    if is("BlockBlob") || is("block") {
        Ok(Some(BlobKind::Block))
    } else if is("PageBlob") || is("page") {
        Ok(Some(BlobKind::Page))
    } else if is("file") && column == ITEM_TYPE {
        Ok(Some(BlobKind::File))
    } else if word.is_empty() && column == BLOB_TYPE {
        Ok(None)
    } else {
        let also = if column == ITEM_TYPE { " or file" } else { "" };
        Err(row.fault(
            column,
            format!(
                "'{}' isn't valid; it is none of BlockBlob, PageBlob{also}",
                cut(word)
            ),
        ))
    }
}

fn destination(
    row: &Row<'_>,
    column: &str,
    is_folder: bool,
    to_files: bool,
) -> Result<String, CsvError> {
    let written = row.field(column).trim();
    let fault = |what: String| Err(row.fault(column, what));
    let path = match written.split_once("://") {
        Some((scheme, rest))
            if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") =>
        {
            rest.split_once('/').map_or("", |(_, path)| path)
        }
        _ => written,
    };
    if path.is_empty() {
        return fault("it names no container; expected container/ or container/name".to_owned());
    }
    if is_folder {
        return match path.parse::<Destination>() {
            Ok(goal) if to_files && goal.container() == blob_name::ROOT_CONTAINER => {
                fault("a share cannot be called $root".to_owned())
            }
            Ok(_) => Ok(path.to_owned()),
            Err(error) => fault(error.to_string()),
        };
    }
    if path.ends_with('/') {
        return fault(format!(
            "\"{}\" ends in a slash, but a file's destination is the whole name",
            cut(path)
        ));
    }
    let container = path.split('/').next().unwrap_or(path);
    if !blob_name::is_container(container) || (to_files && container == blob_name::ROOT_CONTAINER) {
        let what = if to_files { "share" } else { "container" };
        let rule = "3 to 63 lower-case letters, digits and single hyphens";
        return fault(format!("\"{}\" cannot be a {what}: {rule}", cut(container)));
    }
    match blob_name::check_blob_path(path) {
        Ok(()) => Ok(path.to_owned()),
        Err(problem) => fault(format!("\"{}\": {problem}", cut(path))),
    }
}

/// The words are case-sensitive in the Windows tool; none = `rename`.
fn disposition(row: &Row<'_>) -> Result<Disposition, CsvError> {
    let word = row.field(DISPOSITION).trim();
    if word.is_empty() {
        return Ok(Disposition::default());
    }
    let known = Disposition::from_code(word);
    known.ok_or_else(|| {
        row.fault(
            DISPOSITION,
            format!(
                "\"{}\" is none of rename, no-overwrite, overwrite",
                cut(word)
            ),
        )
    })
}

fn optional(field: &str) -> Option<String> {
    let none = field.trim().is_empty() || field.trim().eq_ignore_ascii_case("none");
    (!none).then(|| field.to_owned())
}

/// The column of what travels.
pub const BASE: &str = "BasePath";
/// The column of where blobs go.
pub const BLOB: &str = "DstBlobPathOrPrefix";
/// The column of what blobs are.
pub const BLOB_TYPE: &str = "BlobType";
/// The column of what becomes of blobs that exist.
pub const DISPOSITION: &str = "Disposition";
/// The column of the metadata file.
pub const METADATA: &str = "MetadataFile";
/// The column of the properties file.
pub const PROPERTIES: &str = "PropertiesFile";
const ITEM: &str = "DstItemPathOrPrefix";
const ITEM_TYPE: &str = "ItemType";
const COLUMNS: [&str; 8] = [
    BASE,
    BLOB,
    ITEM,
    BLOB_TYPE,
    ITEM_TYPE,
    DISPOSITION,
    METADATA,
    PROPERTIES,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of azure-import-export.md, 2.1.
    const BLOBS: &str = r#"BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile
"E:\lab\run 07\","raw/2024/run07/",BlockBlob,no-overwrite,None,None
"\\nas1\img\disk.vhdx","vhds/disk.vhdx",PageBlob,overwrite,None,"E:\lab\vhd-props.xml"
"E:\lab\logo.bmp","$root/logo.bmp",BlockBlob,rename,None,None
"#;

    fn only_error(csv: &str) -> (u64, String, String) {
        let mut errors = read_dataset(csv.as_bytes()).expect_err(csv);
        assert_eq!(errors.len(), 1, "{errors:?}");
        let error = errors.remove(0);
        (error.line, error.column, error.what)
    }

    #[test]
    fn the_first_generation_is_read() {
        let rows = read_dataset(BLOBS.as_bytes()).expect("the public form");
        assert_eq!(rows.len(), 3);
        assert_eq!(
            (rows[0].base_path.as_str(), rows[0].is_folder),
            ("E:\\lab\\run 07\\", true)
        );
        assert_eq!(
            (rows[0].destination.as_str(), rows[0].disposition),
            ("raw/2024/run07/", Disposition::NoOverwrite)
        );
        assert_eq!(
            (rows[1].kind, rows[1].is_folder),
            (Some(BlobKind::Page), false)
        );
        assert_eq!(
            rows[1].properties_file.as_deref(),
            Some("E:\\lab\\vhd-props.xml")
        );
        assert_eq!(
            (rows[2].destination.as_str(), rows[2].line),
            ("$root/logo.bmp", 4)
        );
        assert_eq!(rows[0].metadata_file, None);
    }

    #[test]
    fn the_second_and_third_generation_are_read() {
        let second = "BasePath,DstItemPathOrPrefix,ItemType,Disposition,MetadataFile,PropertiesFile\n\
            \"F:\\50M_original\\100M_1.csv.txt\",\"fileshare/100M_1.csv.txt\",file,rename,\"None\",None\n\
            \"F:\\50M_original\\\",\"fileshare/\",file,rename,\"None\",None\n";
        let rows = read_dataset(second.as_bytes()).expect("the public form");
        assert!(rows.iter().all(|row| row.kind == Some(BlobKind::File)));
        let third = "\u{feff}BasePath,DstItemPathOrPrefix,ItemType\r\n\"E:\\home\\\",\"team-share/home/\",file\r\n\r\n/srv/a,c-1/a,BlockBlob\r\n";
        let rows = read_dataset(third.as_bytes()).expect("the public form");
        assert_eq!((rows[1].line, rows[1].kind), (4, Some(BlobKind::Block)));
    }

    #[test]
    fn columns_may_stand_in_any_order_and_case() {
        let csv = "blobtype,basepath,dstblobpathorprefix\n,/srv/a/,abc/\n";
        let rows = read_dataset(csv.as_bytes()).expect("good");
        assert_eq!(
            (rows[0].base_path.as_str(), rows[0].kind),
            ("/srv/a/", None)
        );
    }

    #[test]
    fn an_address_before_the_container_is_left_off() {
        let csv =
            "BasePath,DstBlobPathOrPrefix\n/srv/a/,https://acct.blob.core.windows.net/video/new/\n";
        assert_eq!(
            read_dataset(csv.as_bytes()).expect("good")[0].destination,
            "video/new/"
        );
    }

    #[test]
    fn every_wrong_row_is_named_with_line_and_column() {
        let row = |row: &str| {
            only_error(&format!(
                "BasePath,DstBlobPathOrPrefix,BlobType,Disposition\n/a,abc/a,,\n{row}\n"
            ))
        };
        for (text, column, words) in [
            (",abc/b,,", BASE, "empty"),
            ("lab\\b,abc/b,,", BASE, "not absolute"),
            ("E:,abc/b,,", BASE, "not absolute"),
            ("E:\\*.mov,abc/b,,", BASE, "wildcard"),
            ("/b,,,", BLOB, "no container"),
            ("/b/,music,,", BLOB, "\"music/\""),
            ("/b/,music/x,,", BLOB, "must end in"),
            ("/b,music/,,", BLOB, "the whole name"),
            ("/b,Music/x,,", BLOB, "cannot be a container"),
            ("/b/,$root/x/,,", BLOB, "holds no folders"),
            ("/b,abc/x.,,", BLOB, "ends in a dot"),
            (
                "/b,abc/b,None,",
                BLOB_TYPE,
                "'None' isn't valid; it is none of BlockBlob",
            ),
            ("/b,abc/b,file,", BLOB_TYPE, "none of BlockBlob"),
            ("/b,abc/b,,Overwrite", "Disposition", "none of rename"),
            ("/b,abc/a,,", BLOB, "line 2 goes to the same place"),
            ("/b,abc/b", "", "2 columns; the first line has 4"),
            ("\"/b,abc/b,,", "", "1 columns"),
            ("/b, \"abc/b\",,", "", "blank stands before a quote"),
        ] {
            let (line, found, what) = row(text);
            assert_eq!((line, found.as_str()), (3, column), "{text}: {what}");
            assert!(what.contains(words), "{text}: {what}");
        }
    }

    #[test]
    fn a_late_quote_is_found_in_every_column_of_a_spreadsheets_file() {
        let head = "BasePath,DstBlobPathOrPrefix\r\n/a,abc/a\r\n";
        for row in [" \"/b\",abc/b", "/b, \"abc/b\""] {
            let (line, _, what) = only_error(&format!("{head}\r\n{row}\r\n"));
            assert_eq!(line, 4, "{row}");
            assert!(
                what.contains("blank stands before a quote"),
                "{row}: {what}"
            );
        }
    }

    #[test]
    fn wrong_headers_are_named() {
        for (header, column, words) in [
            ("", "", "empty"),
            (
                "BasePath,DstBlobPathOrPrefix,Colour",
                "Colour",
                "no such column",
            ),
            ("BasePath,BasePath,DstBlobPathOrPrefix", "BasePath", "twice"),
            ("BasePath", BLOB, "missing"),
            ("DstBlobPathOrPrefix", BASE, "missing"),
            ("BasePath,DstItemPathOrPrefix", ITEM_TYPE, "missing"),
            ("BasePath,DstBlobPathOrPrefix,ItemType", "", "mixes"),
            ("E:\\lab\\,raw/", "E:\\lab\\", "no such column"),
            ("BasePath,DstBlobPathOrPrefix", "", "no row"),
        ] {
            let (line, found, what) = only_error(header);
            assert_eq!((line, found.as_str()), (1, column), "{header}: {what}");
            assert!(what.contains(words), "{header}: {what}");
        }
    }

    #[test]
    fn a_thousand_wrong_rows_give_a_hundred_errors() {
        let csv = format!("BasePath,DstBlobPathOrPrefix\n{}", "x,y\n".repeat(1000));
        assert_eq!(read_dataset(csv.as_bytes()).expect_err("wrong").len(), 100);
    }
}
