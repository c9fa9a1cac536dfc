//! `argosy serve`: the page, and the agent behind it, on 127.0.0.1.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use shared::api::JobState;
use tokio::sync::watch;

use super::browser::Doorway;
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::{idle, link, side_door};
use crate::control::{Address, Page, private_folder};
use crate::drives::Drives;
use crate::http::{self, Agent, Listener, Sessions, Users};
use crate::jobs::{JobError, Jobs};

/// Threads that are still listing a folder are not waited for longer than this.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long the other part may be gone before this one knows.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Serves the page on this machine alone, and prints its address
#[derive(Args)]
pub(super) struct Arguments {
    /// The port; a free one when it is not said
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// An image file that stands for a drive, listed beside the machine's own
    #[arg(long = "drive", value_name = "PATH")]
    pub(super) drives: Vec<PathBuf>,
    /// Where the list of jobs and the journals are kept
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Only prints the address
    #[arg(long)]
    no_open: bool,
    /// Ends by itself when for so long no job ran or waited, no drive came home and no page was open; 0 is never
    #[arg(long, value_name = "N", default_value = "30")]
    idle_minutes: String,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let patience = idle::parse_minutes(&arguments.idle_minutes)
        .map_err(|error| JobError::usage(error, "--idle-minutes"))?;
    let users = Users::of_this_process();
    if !users.can_be_told() {
        screen.aside(
            "argosy: there is no /proc here to say whose a connection is: other users of this machine are kept out by the \
             address's token alone",
        );
    }
    let state_dir = side_door::state_dir(arguments.state_dir.as_ref())?;
    let journal_dir = state_dir.join("journals");
    private_folder(&journal_dir).map_err(|error| io(&error, ""))?;
    let jobs = Jobs::over(drives.clone(), Some(state_dir.clone()))?;
    let (end, ending) = watch::channel(false);
    let agent = Agent::new(
        jobs.clone(),
        arguments.drives.clone(),
        state_dir.clone(),
        ending,
    )
    .map_err(|error| io(&error, ""))?;
    let homecoming = agent.homecoming.clone();
    let stop = end.clone();
    on_stop(move || {
        stop.send_replace(true);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| io(&error, ""))?;
    let serving = Serving {
        arguments,
        drives,
        users,
        state_dir,
        patience,
        end,
        screen,
    };
    let served = runtime.block_on(serving.serve(agent));
    runtime.shutdown_timeout(GOODBYE);
    served?;
    homecoming.close(|| {
        screen.aside("Stopping the copying of drives; Ctrl-C again does not wait.");
    });
    end_jobs(&jobs, screen);
    if drives.are_gone() {
        return Err(gone());
    }
    Ok(Ended::WELL)
}

struct Serving<'a> {
    arguments: &'a Arguments,
    drives: &'a Drives,
    users: Users,
    state_dir: PathBuf,
    patience: Option<Duration>,
    end: watch::Sender<bool>,
    screen: &'a Screen,
}

impl Serving<'_> {
    async fn serve(self, agent: Agent) -> Result<(), JobError> {
        let asked = self.arguments.port;
        let listener = http::listen(asked)
            .await
            .map_err(|error| io(&error, &format!("127.0.0.1:{asked}")))?;
        let port = listener.port();
        let sessions = Arc::clone(&agent.sessions);
        let page = Page {
            port,
            homecoming: agent.homecoming.clone(),
            token: Arc::new(move || token(&sessions)),
        };
        let state_dir = Some(self.state_dir.as_path());
        let _side_door = side_door::open(state_dir, "serve", &agent.jobs, Some(page), self.screen);
        self.welcome(&agent, port)?;
        self.listen(listener, agent).await;
        Ok(())
    }

    /// Prints the address, and opens it where there is a browser.
    fn welcome(&self, agent: &Agent, port: u16) -> Result<(), JobError> {
        let address = address(&agent.sessions, port)?;
        let screen = self.screen;
        screen.aside("Argosy is ready. Open this address within a minute; it works once:");
        screen.line(&address);
        screen.aside(&format!(
            "The page shows the code {} at its foot. One that shows another is not this agent's: close it.",
            agent.sessions.code()
        ));
        screen.aside(&match &self.arguments.state_dir {
            None => "A new address: argosy link.".to_owned(),
            Some(folder) => format!(
                "A new address: argosy link --state-dir {}",
                folder.display()
            ),
        });
        if std::io::stdin().is_terminal() {
            screen.aside("Enter gives a new address too, Ctrl-C ends.");
            give_addresses(Arc::clone(&agent.sessions), port);
        }
        if !self.arguments.no_open {
            let doorway = Doorway::new(&self.state_dir);
            doorway.open(&address);
            // The page that leads there is worthless after that; it goes at the end at the latest.
            tokio::spawn(async move {
                tokio::time::sleep(http::LAUNCH_LIFE).await;
                drop(doorway);
            });
        }
        Ok(())
    }

    /// Answers until somebody ends it, or nobody needs it any more.
    async fn listen(&self, listener: Listener, agent: Agent) {
        let (jobs, presence) = (agent.jobs.clone(), agent.presence.clone());
        let homecoming = agent.homecoming.clone();
        let ending = agent.ending.clone();
        let mut running = std::pin::pin!(http::run(listener, self.users.clone(), agent, ending));
        let unneeded = async {
            match self.patience {
                Some(patience) => idle::wait(&jobs, &homecoming, &presence, patience).await,
                None => std::future::pending().await,
            }
        };
        let told = tokio::select! {
            () = running.as_mut() => return,
            () = unneeded => "Nothing runs and no page is open: Argosy ends. Start it again with argosy serve.",
            () = until_gone(self.drives) => "Argosy ends: without the part that has the drives it can do nothing.",
        };
        self.screen.aside(told);
        self.end.send_replace(true);
        running.await;
    }
}

/// Returns once the part of Argosy that has the drives ended.
async fn until_gone(drives: &Drives) {
    while !drives.are_gone() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn gone() -> JobError {
    JobError::io(
        "the part of Argosy that has the drives ended",
        "",
        "What was being written is in the journals: start argosy serve again and go on with it.",
    )
}

fn token(sessions: &Sessions) -> Result<String, String> {
    let token = sessions.launch(Instant::now());
    token
        .map(|token| token.as_str().to_owned())
        .map_err(|error| error.to_string())
}

fn address(sessions: &Sessions, port: u16) -> Result<String, JobError> {
    let token = token(sessions).map_err(|error| io(&error, ""))?;
    Ok(link::page(&Address { port, token }))
}

/// Prints a new address for every Enter, until the process ends.
fn give_addresses(sessions: Arc<Sessions>, port: u16) {
    std::thread::spawn(move || {
        let screen = Screen::new(false);
        for line in std::io::stdin().lock().lines() {
            match line.map(|_| address(&sessions, port)) {
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

fn io(error: &dyn std::fmt::Display, place: &str) -> JobError {
    JobError::io(error.to_string(), place, "Nothing was touched.")
}
