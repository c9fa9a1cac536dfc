//! Where the paths and letters of a Windows command line are here.

use std::path::{Path, PathBuf};

use super::switches::Switch;
use crate::jobs::{JobError, mapped};

/// Windows prefixes, and what stands for each here.
pub(super) type Map = [(String, PathBuf)];

/// Returns where a file or folder is here; a path that is not absolute may be written with `\`.
///
/// # Errors
/// [`JobError`], usage, for a Windows path that nothing is mapped to.
pub(super) fn path(written: &str, map: &Map, of: Switch) -> Result<PathBuf, JobError> {
    let here = mapped(written, map);
    if here != Path::new(written) || Path::new(written).exists() {
        return Ok(here);
    }
    let bytes = written.as_bytes();
    let letter = bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
    if letter || written.starts_with(r"\\") {
        let what = format!("where is \"{written}\" here? Say --map, as in 'E:\\=/mnt/e'");
        return Err(JobError::usage(what, of.spelled()));
    }
    Ok(PathBuf::from(written.replace('\\', "/")))
}

/// Returns the folder that stands for a journal of the tool: `JOB` for `/j:JOB.jrn`.
///
/// # Errors
/// [`JobError`], usage, where a journal of the Windows tool lies, or a file.
pub(super) fn journals(written: &str, map: &Map) -> Result<PathBuf, JobError> {
    let file = path(written, map, Switch::Journal)?;
    let place = |path: &Path| path.display().to_string();
    if file.is_file() {
        return Err(JobError::usage(
            "this is a journal of one drive, or of the Windows tool, whose sessions only that tool goes on with; \
             Argosy's journals are in a folder",
            place(&file),
        ));
    }
    let is_journal = file
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("jrn"));
    let folder = if is_journal && !file.is_dir() {
        file.with_extension("")
    } else {
        file
    };
    if folder.exists() && !folder.is_dir() {
        let what = "the folder for the journals cannot be there: a file has its name";
        return Err(JobError::usage(what, place(&folder)));
    }
    Ok(folder)
}

/// Returns the drive that `/t` names: a letter that is mapped to one, or a path.
///
/// # Errors
/// [`JobError`], usage.
pub(super) fn drive(written: &str, map: &Map) -> Result<PathBuf, JobError> {
    let letter = written.trim_end_matches('\\').trim_end_matches(':');
    if letter.len() != 1 || !letter.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return path(written, map, Switch::Target);
    }
    let root = format!("{}:\\", letter.to_ascii_uppercase());
    let here = mapped(&root, map);
    if here == Path::new(&root) {
        let what = format!("which drive is {letter}:? Say --map '{root}=/dev/...'");
        return Err(JobError::usage(what, Switch::Target.spelled()));
    }
    Ok(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_of_the_tool_is_a_folder_here() {
        let map = [(r"C:\".to_owned(), PathBuf::from("/srv"))];
        for (written, here) in [
            ("JournalTest.jrn", "JournalTest"),
            (r"C:\jobs\First.JRN", "/srv/jobs/First"),
            (r"jobs\First.jrn", "jobs/First"),
            ("/var/journals", "/var/journals"),
        ] {
            assert_eq!(journals(written, &map).ok(), Some(here.into()), "{written}");
        }
        assert!(journals(r"D:\a.jrn", &map).is_err());
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("real.jrn");
        std::fs::write(&file, "[BeginUpdateRecord]").expect("room");
        assert!(journals(file.to_str().expect("text"), &map).is_err());
    }

    #[test]
    fn a_letter_is_a_drive_only_where_it_is_mapped_to_one() {
        let map = [(r"G:\".to_owned(), PathBuf::from("/dev/sdx"))];
        for (written, here) in [
            ("g", "/dev/sdx"),
            ("G:", "/dev/sdx"),
            ("/dev/sdy", "/dev/sdy"),
        ] {
            assert_eq!(drive(written, &map).ok(), Some(here.into()), "{written}");
        }
        let error = drive("h", &map).expect_err("not mapped").error;
        assert!(error.message.contains("which drive is h:?"), "{error:?}");
    }
}
