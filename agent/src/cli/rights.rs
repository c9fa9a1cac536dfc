//! With whose rights a command works.

use clap::{Args, ValueEnum};

use crate::jobs::JobError;

/// What root may say about rights.
#[derive(Args)]
pub(super) struct Rights {
    /// For root: works as this user, and only keeps the drives as root; whoever called sudo, when it is not said
    #[arg(
        long = "as",
        global = true,
        value_name = "USER",
        help_heading = "As root"
    )]
    pub(super) user: Option<String>,
    /// For root: with whose rights sources are read
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHO",
        default_value_t = ReadAs::Person,
        help_heading = "As root"
    )]
    pub(super) read_as: ReadAs,
}

/// Whose rights those are.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReadAs {
    /// The person's own
    Person,
    /// Root's to read every file, and no other
    Root,
}

impl Rights {
    /// Refuses what only root can give.
    ///
    /// # Errors
    /// [`JobError`], usage.
    pub(super) fn need_root(&self) -> Result<(), JobError> {
        let what = "this needs root, and only on Linux: call it with sudo";
        if self.user.is_some() {
            return Err(JobError::usage(what, "--as"));
        }
        if self.read_as == ReadAs::Root {
            return Err(JobError::usage(what, "--read-as root"));
        }
        Ok(())
    }
}
