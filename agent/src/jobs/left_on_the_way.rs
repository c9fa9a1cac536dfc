//! Blobs that a plan has on a drive and that are not on it.

use std::collections::HashMap;
use std::path::PathBuf;

use shared::job::LeftOutReason;
use shared::journal::journal_file_name;

use crate::attempt::read_left_out;
use crate::job_error::JobError;

/// Returns why blobs that the plan has on the drive `serial` are not on it, by their places there, as the list beside its
/// journal says; none where there is no list. What the plan itself left out is not among them: the list names that by paths
/// in the store, which may be the places of others.
///
/// # Errors
/// [`JobError`] when there is a list and no copy of it can be read: nobody then knows what is missing.
pub(super) fn left_on_the_way(
    folders: &[PathBuf],
    serial: &str,
) -> Result<HashMap<String, LeftOutReason>, JobError> {
    let journal = journal_file_name(serial);
    let lists = folders
        .iter()
        .map(|folder| folder.join(&journal).with_extension("left-out.csv"));
    let lists: Vec<PathBuf> = lists
        .filter(|path| !matches!(path.try_exists(), Ok(false)))
        .collect();
    let Some(first) = lists.first() else {
        return Ok(HashMap::new());
    };
    let files = lists.iter().find_map(|path| read_left_out(path));
    let files = files.ok_or_else(|| {
        let what = "the list of what is not on the drive cannot be read, or is torn";
        let place = first.display().to_string();
        JobError::io(what, place, "The drives are as their journals say.")
    })?;
    let on_the_way = files
        .into_iter()
        .filter(|file| file.reason.makes_incomplete());
    Ok(on_the_way.map(|file| (file.path, file.reason)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "path,bytes,reason\r\n\"c/a_b\",0,archived\r\n\"c/x\",5,changed\r\n";

    #[test]
    fn only_what_was_left_out_while_it_was_copied_is_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folders = [folder.path().to_owned()];
        assert_eq!(left_on_the_way(&folders, "A.1"), Ok(HashMap::new()));
        std::fs::write(folder.path().join("A.1.left-out.csv"), LIST).expect("it is ours");
        let expected = HashMap::from([("c/x".to_owned(), LeftOutReason::Changed)]);
        assert_eq!(left_on_the_way(&folders, "A.1"), Ok(expected));
    }

    #[test]
    fn a_list_that_is_torn_is_an_error_unless_another_folder_has_it_whole() {
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
        let paths = folders.each_ref().map(|folder| folder.path().to_owned());
        let list = |number: usize| paths[number].join("A.left-out.csv");
        std::fs::write(list(0), &LIST[..LIST.len() - 4]).expect("it is ours");
        let refused = left_on_the_way(&paths, "A").expect_err("torn");
        assert_eq!(refused.error.place, list(0).display().to_string());
        std::fs::write(list(1), LIST).expect("it is ours");
        assert_eq!(left_on_the_way(&paths, "A").map(|left| left.len()), Ok(1));
    }
}
