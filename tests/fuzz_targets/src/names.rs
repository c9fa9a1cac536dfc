//! Names: blob names and paths on the drive, both ways; destinations; session ids; parts of addresses.

use shared::api::paths;
use shared::blob_name::{self, Destination, SessionId};

/// The input is text; its first line is a destination or an id, the rest a path or a name.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(destination) = first.parse::<Destination>() {
        there_and_back(&destination, rest);
    }
    if let Ok(session) = first.parse::<SessionId>() {
        on_the_drive(&session, rest);
    }
    _ = blob_name::check_blob_path(text);
    _ = blob_name::session_and_relative(text);
    plain_file_name(text);
    let segment = paths::segment(text);
    assert!(!segment.contains(['/', '?', '#', '%']) || segment.contains('%'));
    assert_eq!(paths::unsegment(&segment).as_deref(), Some(text));
    _ = paths::unsegment(text);
}

/// A path that has a blob name is what that name leads back to, and nothing else.
fn there_and_back(destination: &Destination, path: &str) {
    let again: Destination = destination.to_string().parse().expect("its own text");
    assert_eq!(&again, destination);
    if let Ok(blob) = destination.blob(path) {
        assert_eq!(destination.relative(&blob), Ok(path));
        blob_name::check_blob_path(&blob).expect("a blob name is a blob path");
    }
    if let Ok(relative) = destination.relative(path) {
        assert_eq!(destination.blob(relative).as_deref(), Ok(path));
    }
}

fn on_the_drive(session: &SessionId, path: &str) {
    let on_drive = blob_name::drive_path(session, path);
    if let Some((found, relative)) = blob_name::session_and_relative(&on_drive) {
        assert_eq!(&found, session);
        // A `\` in a name cannot be told from what joins names; such names are refused before.
        assert_eq!(relative, path.replace('\\', "/"));
    }
}

/// Whatever comes in, what comes out names a file in the folder that it is put into.
fn plain_file_name(text: &str) {
    let name = blob_name::file_name(text);
    assert!(!name.starts_with('.'));
    assert!(
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    );
    assert_eq!(blob_name::file_name(&name), name);
}
