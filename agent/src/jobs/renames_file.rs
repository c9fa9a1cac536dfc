//! `<session>.renames.csv`: what is called otherwise on the drives than in the source, beside the journals.
//!
//! It is for people, and may be given to the next `prepare --renames`. What counts is the frozen plan,
//! which holds the same names, and whose hash is in every journal.

use std::path::PathBuf;

use shared::blob_name::file_name;
use shared::plan::{Mapping, renames_csv};

use crate::job_error::JobError;
use crate::shelf::replace_file;

/// Writes the original and the new names into each of `folders`, durable when it returns; nothing where no
/// name is changed.
///
/// # Errors
/// [`JobError`]; no drive was touched.
pub(super) fn write(folders: &[PathBuf], session: &str, mapping: &Mapping) -> Result<(), JobError> {
    if mapping.renames.is_empty() {
        return Ok(());
    }
    let mut text = renames_csv::HEADER.to_owned();
    for (path, name) in &mapping.renames {
        text.push_str(&renames_csv::line(path, name, ""));
    }
    for folder in folders {
        let file = folder.join(format!("{}.renames.csv", file_name(session)));
        replace_file(&file, text.as_bytes()).map_err(|error| {
            JobError::io(
                format!("cannot keep the new names there: {error}"),
                file.display().to_string(),
                "No drive was touched.",
            )
        })?;
    }
    Ok(())
}
