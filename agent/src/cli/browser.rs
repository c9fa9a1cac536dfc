//! Opening the person's browser at the address, without the token ever being an argument that other users can read.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small page that leads to the address; only its owner can read it. It is gone with this value.
pub(super) struct Doorway {
    path: PathBuf,
}

impl Doorway {
    /// Names the page; nothing is written yet.
    pub(super) fn new(state_dir: &Path) -> Self {
        Self {
            path: state_dir.join("open.html"),
        }
    }

    /// Writes the page and has the system open it. Where there is no browser the printed address is still there.
    pub(super) fn open(&self, address: &str) {
        let Some(mut opener) = opener() else { return };
        let page = format!(
            "<!doctype html><meta charset=\"utf-8\"><title>Argosy</title>\
             <meta http-equiv=\"refresh\" content=\"0;url={address}\"><a href=\"{address}\">Argosy</a>\n"
        );
        if self.write(&page).is_ok() {
            opener.arg(&self.path);
            let quiet = opener
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            // Whether it opened is seen by the person; there is nobody else to tell.
            drop(quiet.spawn());
        }
    }

    fn write(&self, page: &str) -> std::io::Result<()> {
        use std::io::Write as _;
        // An old page may lie there with other rights.
        drop(std::fs::remove_file(&self.path));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)?.write_all(page.as_bytes())
    }
}

impl Drop for Doorway {
    fn drop(&mut self) {
        // It may never have been written.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Returns the system's way to open a page; none where there is no screen to open it on, and none for root: a browser
/// must not run as root, and one that root starts does.
fn opener() -> Option<Command> {
    if rustix::process::geteuid().is_root() {
        return None;
    }
    if cfg!(target_os = "macos") {
        return Some(Command::new("open"));
    }
    if cfg!(windows) {
        return Some(Command::new("explorer"));
    }
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    has_screen.then(|| Command::new("xdg-open"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_page_with_the_token_is_for_its_owner_alone_and_is_gone_afterwards() {
        use std::os::unix::fs::PermissionsExt;
        let temporary = tempfile::tempdir().expect("a folder");
        let doorway = Doorway::new(temporary.path());
        doorway.write("page").expect("written");
        doorway.write("again").expect("written over");
        let rights = std::fs::metadata(&doorway.path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(rights & 0o777, 0o600);
        drop(doorway);
        assert_eq!(
            std::fs::read_dir(temporary.path()).expect("listed").count(),
            0
        );
    }
}
