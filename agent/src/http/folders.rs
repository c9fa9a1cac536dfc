//! Folders of this machine, for the person who chooses a source. Names only; nothing is opened for reading.

use std::path::{Path, PathBuf};

use shared::api::{ApiError, FolderEntry, FoldersReply, code};

/// Returns what is in a folder; without `path`, in the home folder.
///
/// # Errors
/// [`ApiError`] when it is no absolute path, is no folder, or cannot be listed.
pub(super) fn list(path: Option<&str>) -> Result<FoldersReply, ApiError> {
    let wanted = match path.filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => home().unwrap_or_else(|| PathBuf::from("/")),
    };
    if !wanted.is_absolute() {
        return Err(
            ApiError::new(code::BAD_REQUEST, "A source folder is named from the top.")
                .at(text(&wanted))
                .next("Write the whole path, or choose the folder."),
        );
    }
    let folder = wanted
        .canonicalize()
        .map_err(|cause| unreadable(&wanted, &cause))?;
    let (folders, files) = children(&folder).map_err(|cause| unreadable(&folder, &cause))?;
    Ok(FoldersReply {
        path: text(&folder),
        parent: folder.parent().map(text),
        folders,
        files,
        places: places(),
    })
}

fn children(folder: &Path) -> std::io::Result<(Vec<FolderEntry>, u64)> {
    let mut folders = Vec::new();
    let mut files: u64 = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A symbolic link is not followed by a scan, so it is no folder to choose.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => folders.push(FolderEntry {
                name: entry.file_name().to_string_lossy().into_owned(),
                // A name that is no Unicode text cannot be asked for again.
                readable: entry.path().to_str().is_some()
                    && std::fs::read_dir(entry.path()).is_ok(),
                path: text(&entry.path()),
            }),
            _ => files = files.saturating_add(1),
        }
    }
    folders.sort_by_cached_key(|entry| (entry.name.starts_with('.'), entry.name.to_lowercase()));
    Ok((folders, files))
}

/// Returns good places to start from: home, and where people mount things.
fn places() -> Vec<FolderEntry> {
    let mounts = ["/media", "/mnt", "/run/media", "/Volumes", "/srv", "/data"];
    let mut places: Vec<FolderEntry> = home()
        .into_iter()
        .map(|path| place("Home", &path))
        .chain(
            mounts
                .iter()
                .map(Path::new)
                .filter(|path| path.is_dir())
                .map(|path| place(&text(path), path)),
        )
        .collect();
    places.push(place("/", Path::new("/")));
    places
}

fn place(name: &str, path: &Path) -> FolderEntry {
    FolderEntry {
        name: name.to_owned(),
        path: text(path),
        readable: std::fs::read_dir(path).is_ok(),
    }
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_dir())
}

fn unreadable(folder: &Path, cause: &std::io::Error) -> ApiError {
    ApiError::new(
        code::NOT_FOUND,
        format!("The folder cannot be listed: {cause}."),
    )
    .at(text(folder))
    .safe("Nothing was changed.")
    .next("Choose another folder, or start the agent as a user who may read it.")
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_listed_by_name_hidden_ones_last_and_files_are_counted() {
        let temporary = tempfile::tempdir().expect("a folder");
        for name in ["b", "A", ".hidden"] {
            std::fs::create_dir(temporary.path().join(name)).expect("a folder");
        }
        std::fs::write(temporary.path().join("file"), b"x").expect("a file");
        let reply = list(temporary.path().to_str()).expect("listed");
        let names: Vec<_> = reply
            .folders
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        assert_eq!(names, ["A", "b", ".hidden"]);
        assert_eq!(reply.files, 1);
    }

    #[test]
    fn a_relative_path_is_refused_and_a_missing_one_named() {
        assert_eq!(
            list(Some("src")).expect_err("relative").code,
            code::BAD_REQUEST
        );
        let missing = list(Some("/no/such/folder")).expect_err("missing");
        assert_eq!(
            (missing.code.as_str(), missing.place.as_str()),
            (code::NOT_FOUND, "/no/such/folder")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_no_folder_to_choose() {
        let temporary = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink("/", temporary.path().join("link")).expect("a link");
        assert!(
            list(temporary.path().to_str())
                .expect("listed")
                .folders
                .is_empty()
        );
    }
}
