//! From the rows of a data set to one listing: what each names, where it goes, and the files that it gives to all its blobs.

use std::path::{Path, PathBuf};

use shared::blob_name::{Destination, check_blob_path};
use shared::manifest::AttachedKind;
use shared::plan::dataset::{DatasetRow, read_dataset};
use shared::plan::{Goal, Target};

use super::gather::{Gathered, scan_one};
use super::request::JobRequest;
use crate::job_error::JobError;
use crate::scan::ScanReport;

/// The files that a row of a data set gives to all its blobs.
#[derive(Clone, Debug, Default)]
pub struct Attached {
    /// The metadata file.
    pub metadata: Option<Vec<u8>>,
    /// The properties file.
    pub properties: Option<Vec<u8>>,
}

/// A metadata or properties file longer than this is none; the store takes 8 KiB of metadata.
const ATTACHED_BYTES_MAX: usize = 1 << 20;

/// Lists what every row of a data set names, each below its number.
///
/// # Errors
/// [`JobError`] when the data set is wrong, or what a row names cannot be read.
pub(super) fn data_set(
    request: &JobRequest,
    path: &Path,
    map: &[(String, PathBuf)],
) -> Result<Gathered, JobError> {
    let place = path.display().to_string();
    let text = std::fs::read(path)
        .map_err(|error| JobError::usage(format!("cannot read it: {error}"), place.as_str()))?;
    let rows = read_dataset(&text).map_err(|errors| {
        let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
        JobError::usage(words.join("; "), place.as_str())
    })?;
    let mut targets = Vec::with_capacity(rows.len());
    let mut attached = Vec::with_capacity(rows.len());
    for row in &rows {
        let files = read_attached(row, map)?;
        targets.push(target_of(row, &files, &place)?);
        attached.push(files);
    }
    let mut gathered = Gathered::new(request, targets, true)?;
    gathered.words = (
        place,
        rows.iter()
            .map(|row| row.destination.clone())
            .collect::<Vec<_>>()
            .join(", "),
    );
    gathered.attached = attached;
    for (number, row) in (1_u32..).zip(&rows) {
        gathered.add(scan_row(request, row, map)?, Some(number))?;
    }
    Ok(gathered)
}

/// Lists what one row names that stands for itself.
///
/// # Errors
/// As [`data_set`].
pub(super) fn one_row(
    request: &JobRequest,
    row: &DatasetRow,
    map: &[(String, PathBuf)],
) -> Result<Gathered, JobError> {
    let files = read_attached(row, map)?;
    let target = target_of(row, &files, &row.base_path)?;
    let mut gathered = Gathered::new(request, vec![target], false)?;
    gathered.words = (row.base_path.clone(), row.destination.clone());
    gathered.attached.push(files);
    gathered.add(scan_row(request, row, map)?, None)?;
    Ok(gathered)
}

/// Lists what a row names: a folder where its path ends like one, else a file.
fn scan_row(
    request: &JobRequest,
    row: &DatasetRow,
    map: &[(String, PathBuf)],
) -> Result<ScanReport, JobError> {
    let base = mapped(&row.base_path, map);
    let wrong = |what: String| Err(JobError::usage(what, base.display().to_string()));
    if !row.is_folder && base.is_dir() {
        return wrong(format!(
            "\"{}\" is a folder; a BasePath that is one ends in \\ or /",
            row.base_path
        ));
    }
    if row.is_folder && base.is_file() {
        return wrong(format!(
            "\"{}\" is a file; a BasePath that is one does not end in \\ or /",
            row.base_path
        ));
    }
    scan_one(request, &base)
}

fn target_of(row: &DatasetRow, files: &Attached, place: &str) -> Result<Target, JobError> {
    let wrong = |error: String| JobError::usage(format!("line {}: {error}", row.line), place);
    let goal = if row.is_folder {
        let parsed: Result<Destination, _> = row.destination.parse();
        Goal::Folder(parsed.map_err(|error| wrong(error.to_string()))?)
    } else {
        check_blob_path(&row.destination).map_err(|error| wrong(error.to_string()))?;
        Goal::Blob(row.destination.clone())
    };
    let length = |file: &Option<Vec<u8>>| {
        file.as_ref()
            .map(|bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX))
    };
    Ok(Target {
        goal,
        kind: row.kind,
        disposition: row.disposition,
        metadata_bytes: length(&files.metadata),
        properties_bytes: length(&files.properties),
    })
}

fn read_attached(row: &DatasetRow, map: &[(String, PathBuf)]) -> Result<Attached, JobError> {
    let read = |path: &Option<String>, kind: AttachedKind| {
        let Some(path) = path else { return Ok(None) };
        let file = mapped(path, map);
        let wrong = |what: String| JobError::usage(what, file.display().to_string());
        let bytes =
            std::fs::read(&file).map_err(|error| wrong(format!("cannot read it: {error}")))?;
        if bytes.len() > ATTACHED_BYTES_MAX {
            return Err(wrong(
                "this is far too long for a metadata or properties file".to_owned(),
            ));
        }
        kind.check(&bytes)
            .map_err(|problem| wrong(problem.to_string()))?;
        Ok(Some(bytes))
    };
    Ok(Attached {
        metadata: read(&row.metadata_file, AttachedKind::Metadata)?,
        properties: read(&row.properties_file, AttachedKind::Properties)?,
    })
}

/// Returns the path here that a data set's Windows path stands for: the longest prefix of `map`
/// replaced, `\` as `/`.
pub fn mapped(path: &str, map: &[(String, PathBuf)]) -> PathBuf {
    let starts = |prefix: &&(String, PathBuf)| {
        path.get(..prefix.0.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(&prefix.0))
    };
    match map
        .iter()
        .filter(starts)
        .max_by_key(|(prefix, _)| prefix.len())
    {
        Some((prefix, folder)) => {
            let rest = path.get(prefix.len()..).unwrap_or("").replace('\\', "/");
            match rest.trim_start_matches('/') {
                "" => folder.clone(),
                rest => folder.join(rest),
            }
        }
        None => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_windows_prefix_stands_for_its_folder() {
        let map = [
            (r"E:\".to_owned(), PathBuf::from("/mnt/e")),
            (r"E:\lab\".to_owned(), PathBuf::from("/srv/lab")),
            (r"\\nas1\img".to_owned(), PathBuf::from("/nas")),
        ];
        for (path, here) in [
            (r"E:\", "/mnt/e"),
            (r"E:\run 07\", "/mnt/e/run 07/"),
            (r"e:\LAB\run", "/srv/lab/run"),
            (r"\\NAS1\img\disk.vhdx", "/nas/disk.vhdx"),
            ("/srv/plain", "/srv/plain"),
            (r"F:\other", r"F:\other"),
        ] {
            assert_eq!(mapped(path, &map), PathBuf::from(here), "{path}");
        }
    }
}
