//! A dataset.csv that somebody has already: what it asks for is filled in, as far as one page can plan it.

use shared::api::{ApiError, code};
use shared::manifest::{BlobKind, Disposition};
use shared::plan::dataset::{self, DatasetRow};

use crate::listed::bad_lines;
use crate::words;

/// Longer files are taken for lists: a data set has a row for a folder.
pub const BYTES_MAX: u64 = 1 << 20;
/// The column that the header of every generation begins with.
const FIRST_COLUMN: &[u8] = b"BasePath";

/// What a data set asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The source folder, as written.
    pub folder: String,
    /// The container.
    pub container: String,
    /// What blob names begin with, after the container.
    pub prefix: String,
    /// What the page will do otherwise, if anything.
    pub note: Option<String>,
}

/// Returns whether `file` is a data set, in UTF-8 or UTF-16: a list of files begins otherwise.
#[must_use]
pub fn is_dataset(file: &[u8]) -> bool {
    let mark_or_quote = [0, 0xef, 0xbb, 0xbf, 0xff, 0xfe, b'"'];
    let letters = file.iter().filter(|byte| !mark_or_quote.contains(byte));
    letters.take(FIRST_COLUMN.len()).eq(FIRST_COLUMN)
}

/// Reads a data set of one folder.
///
/// # Errors
/// [`ApiError`] when it is damaged, or asks for what the command line does and the page does not.
pub fn read(csv: &[u8]) -> Result<Asked, ApiError> {
    let rows = dataset::read_dataset(csv).map_err(|errors| {
        let (message, places) = bad_lines("data set", &errors);
        ApiError::new(code::BAD_REQUEST, message)
            .at(places)
            .safe("Nothing was touched.")
            .next("Mend the file, and drop it again.")
    })?;
    let [row] = rows.as_slice() else {
        let rows = words::counted(u64::try_from(rows.len()).unwrap_or(0), "row", "rows");
        return Err(beyond(&format!("It has {rows}, and the page plans one")));
    };
    if let Some(why) = why_not(row) {
        return Err(beyond(why));
    }
    let (container, prefix) = row.destination.split_once('/').unwrap_or_default();
    let block = "The data set asks for block blobs throughout; the page makes page blobs of .vhd and .vhdx files, as their names \
                 say. argosy prepare --dataset keeps to it.";
    Ok(Asked {
        folder: row.base_path.clone(),
        container: container.to_owned(),
        prefix: prefix.to_owned(),
        note: (row.kind == Some(BlobKind::Block)).then(|| block.to_owned()),
    })
}

/// Returns what a row asks for that the page has no field for.
fn why_not(row: &DatasetRow) -> Option<&'static str> {
    if !row.is_folder {
        Some("It names a file, and the page plans a folder")
    } else if matches!(row.kind, Some(BlobKind::Page | BlobKind::File)) {
        Some(
            "It asks for page blobs or for Azure Files, and the page makes blobs of the kind that their names say",
        )
    } else if row.disposition != Disposition::Rename {
        Some("It says what becomes of blobs that are there already; the page leaves both")
    } else if row.metadata_file.is_some() || row.properties_file.is_some() {
        Some("It names a metadata or properties file, which the page does not read")
    } else {
        None
    }
}

fn beyond(what: &str) -> ApiError {
    ApiError::new(
        code::BAD_REQUEST,
        format!("The page cannot plan this data set. {what}."),
    )
    .safe("Nothing was touched.")
    .next("Plan it with argosy plan --dataset FILE, and carry it out with argosy prepare --dataset FILE.")
}

/// Says that a data set holds no files, where nobody can look for them.
#[must_use]
pub fn no_agent(folder: &str) -> ApiError {
    ApiError::new(
        code::BAD_REQUEST,
        format!("The data set names {folder}, and what is in it only the agent can see."),
    )
    .safe("Folder and destination are filled in.")
    .next("Open the page through the agent of the machine that has the folder, or drop a scan that argosy scan --out saved there.")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const HEADER: &str =
        "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\r\n";

    #[test]
    fn a_folder_with_its_destination_is_filled_in() {
        for (row, folder, container, prefix, has_note) in [
            (
                "/data/a/,film/,,rename,None,None",
                "/data/a/",
                "film",
                "",
                false,
            ),
            (
                "E:\\lab\\,$root/,,rename,,",
                "E:\\lab\\",
                "$root",
                "",
                false,
            ),
            (
                "/a/,https://acc.blob.core.windows.net/film/reels/,BlockBlob,rename,None,None",
                "/a/",
                "film",
                "reels/",
                true,
            ),
        ] {
            let asked = read(format!("{HEADER}{row}\r\n").as_bytes()).expect(row);
            assert_eq!(
                (&*asked.folder, &*asked.container, &*asked.prefix),
                (folder, container, prefix)
            );
            assert_eq!(asked.note.is_some(), has_note, "{row}");
        }
        let new = "BasePath,DstItemPathOrPrefix,ItemType\n/a/,film/,BlockBlob\n";
        assert_eq!(read(new.as_bytes()).expect(new).folder, "/a/");
    }

    #[test]
    fn what_the_page_has_no_field_for_is_named_with_the_command_that_does_it() {
        for (rows, why) in [
            (
                "/a/,film/,,rename,None,None\n/b/,film/,,rename,None,None",
                "2 rows",
            ),
            ("/a/x.bin,film/x.bin,,rename,None,None", "a file"),
            ("/a/,film/,PageBlob,rename,None,None", "page blobs"),
            ("/a/,film/,,overwrite,None,None", "there already"),
            ("/a/,film/,,rename,/m.xml,None", "metadata"),
        ] {
            let error = read(format!("{HEADER}{rows}\n").as_bytes()).expect_err(rows);
            assert!(error.message.contains(why), "{rows}: {}", error.message);
            assert!(error.next.contains("argosy prepare --dataset"));
        }
        let error = read(format!("{HEADER}/a/,Film/,,rename,None,None\n").as_bytes())
            .expect_err("a capital");
        assert!(error.place.contains("line 2"), "{}", error.place);
    }

    #[test]
    fn a_data_set_is_told_from_a_list_of_files() {
        let sixteen: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(HEADER.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for (bytes, expected) in [
            (HEADER.as_bytes(), true),
            (b"\"BasePath\",\"x\"", true),
            (&sixteen, true),
            (b"path,bytes\n", false),
            (b"BasePat", false),
            (b"", false),
        ] {
            assert_eq!(is_dataset(bytes), expected, "{bytes:?}");
        }
    }
}
