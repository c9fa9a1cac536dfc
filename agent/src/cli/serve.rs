//! `argosy serve`: the page, and the agent behind it, on 127.0.0.1.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use shared::api::JobState;
use tokio::sync::watch;

use super::browser::Doorway;
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use crate::http::{self, Agent, Sessions};
use crate::jobs::{JobError, Jobs};

/// Threads that are still listing a folder are not waited for longer than this.
const GOODBYE: Duration = Duration::from_secs(2);

/// Serves the page on this machine alone, and prints its address
#[derive(Args)]
pub(super) struct Arguments {
    /// The port; a free one when it is not said
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// An image file that stands for a drive, listed beside the machine's own
    #[arg(long = "drive", value_name = "PATH")]
    drives: Vec<PathBuf>,
    /// Where the list of jobs and the journals are kept
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Only prints the address
    #[arg(long)]
    no_open: bool,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let state_dir = match &arguments.state_dir {
        Some(folder) => folder.clone(),
        None => default_state_dir().ok_or_else(|| {
            JobError::usage(
                "there is no home folder to keep journals in; name one with --state-dir",
                "",
            )
        })?,
    };
    let journal_dir = state_dir.join("journals");
    private_folder(&journal_dir)?;
    let jobs = Jobs::open(Some(state_dir.clone()))?;
    let sessions = Sessions::new().map_err(|error| io(&error, ""))?;
    let (end, ending) = watch::channel(false);
    let agent = Agent {
        jobs: jobs.clone(),
        sessions: Arc::new(sessions),
        drives: Arc::new(arguments.drives.clone()),
        journal_dir,
        ending,
    };
    on_stop(move || {
        end.send_replace(true);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| io(&error, ""))?;
    let doorway = (!arguments.no_open).then(|| Doorway::new(&state_dir));
    let served = runtime.block_on(serve(arguments.port, agent, doorway, screen));
    runtime.shutdown_timeout(GOODBYE);
    served?;
    end_jobs(&jobs, screen);
    Ok(Ended::WELL)
}

async fn serve(
    port: u16,
    agent: Agent,
    doorway: Option<Doorway>,
    screen: &Screen,
) -> Result<(), JobError> {
    let listener = http::listen(port)
        .await
        .map_err(|error| io(&error, &format!("127.0.0.1:{port}")))?;
    let port = listener
        .local_addr()
        .map_err(|error| io(&error, ""))?
        .port();
    let address = launch(&agent.sessions, port)?;
    screen.aside("Argosy is ready. Open this address within a minute; it works once:");
    screen.line(&address);
    if std::io::stdin().is_terminal() {
        screen.aside("Enter gives a new address, Ctrl-C ends.");
        give_addresses(Arc::clone(&agent.sessions), port);
    }
    if let Some(doorway) = &doorway {
        doorway.open(&address);
    }
    let ending = agent.ending.clone();
    http::run(listener, agent, ending).await;
    Ok(())
}

fn launch(sessions: &Sessions, port: u16) -> Result<String, JobError> {
    let token = sessions
        .launch(Instant::now())
        .map_err(|error| io(&error, ""))?;
    let fragment = shared::api::paths::LAUNCH_FRAGMENT;
    Ok(format!(
        "http://127.0.0.1:{port}/#{fragment}={}",
        token.as_str()
    ))
}

/// Prints a new address for every Enter, until the process ends.
fn give_addresses(sessions: Arc<Sessions>, port: u16) {
    std::thread::spawn(move || {
        let screen = Screen::new(false);
        for line in std::io::stdin().lock().lines() {
            match line.map(|_| launch(&sessions, port)) {
                Ok(Ok(address)) => screen.line(&address),
                _ => return,
            }
        }
    });
}

/// Stops what still runs, each drive at a point that its journal knows.
fn end_jobs(jobs: &Jobs, screen: &Screen) {
    for job in jobs.list() {
        let unfinished = matches!(
            job.state,
            JobState::WaitsForConfirmation | JobState::Running | JobState::Cancelling
        );
        if unfinished && jobs.cancel(&job.id).is_ok() {
            if job.state != JobState::WaitsForConfirmation {
                screen.aside(&format!(
                    "Stopping session {}; Ctrl-C again does not wait.",
                    job.session
                ));
            }
            // It is over either way; what became of it is in its journals.
            let _ = jobs.wait(&job.id);
        }
    }
}

/// Returns where this system keeps what programs remember for one person.
fn default_state_dir() -> Option<PathBuf> {
    let home = std::env::home_dir().filter(|home| home.is_absolute())?;
    if cfg!(target_os = "macos") {
        return Some(home.join("Library/Application Support/Argosy"));
    }
    if cfg!(windows) {
        return Some(home.join("AppData").join("Local").join("Argosy"));
    }
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|state| state.is_absolute());
    Some(
        state
            .unwrap_or_else(|| home.join(".local/state"))
            .join("argosy"),
    )
}

/// Makes a folder that only its owner can look into: journals hold the keys of drives.
fn private_folder(folder: &Path) -> Result<(), JobError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| io(&error, &folder.display().to_string()))
}

fn io(error: &dyn std::fmt::Display, place: &str) -> JobError {
    JobError::io(error.to_string(), place, "Nothing was touched.")
}
