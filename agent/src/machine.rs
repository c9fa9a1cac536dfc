//! The computer that this is.

/// Returns the computer's own name.
pub(crate) fn name() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }
}
