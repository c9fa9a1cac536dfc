//! `argosy link`: a fresh address of a page that is being served.

use std::path::PathBuf;

use clap::Args;

use super::screen::{Ended, Screen};
use super::side_door;
use crate::control::{Address, Answer, Ask};
use crate::jobs::JobError;

/// Prints a fresh one-time address of the page that this user's `argosy serve` serves
#[derive(Args)]
pub(super) struct Arguments {
    /// The state folder, when `serve` was given one
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// The port in the address, when `ssh -L` forwards another one than the agent's
    #[arg(long, value_name = "N")]
    port: Option<u16>,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let state_dir = side_door::state_dir(arguments.state_dir.as_ref())?;
    let mut found = false;
    for mut process in side_door::knock(&state_dir)? {
        match process.ask(&Ask::Link {}) {
            Ok(Some(Answer::Link(address))) => {
                found = true;
                let port = arguments.port.unwrap_or(address.port);
                screen.line(&page(&Address { port, ..address }));
            }
            // One that only prepares has no page, and one may end meanwhile.
            Ok(_) => {}
            Err(error) => return Err(side_door::failed(&error)),
        }
    }
    if found {
        screen.aside("It can be opened within a minute, once.");
        return Ok(Ended::WELL);
    }
    let mut error = JobError::usage(
        "no argosy serve of this user runs",
        state_dir.display().to_string(),
    );
    error.error.next = "Start argosy serve, or name its --state-dir.".to_owned();
    Err(error)
}

/// Returns the address that opens the page.
pub(super) fn page(address: &Address) -> String {
    let fragment = shared::api::paths::LAUNCH_FRAGMENT;
    format!(
        "http://127.0.0.1:{}/#{fragment}={}",
        address.port, address.token
    )
}
