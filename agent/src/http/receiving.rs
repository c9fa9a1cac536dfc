//! What a page asks of drives that came back, made sure of before any drive is opened.

use std::path::PathBuf;

use shared::api::{ApiError, JobState, ReceiveRequest, Receiving, code};

use super::agent::Agent;
use super::drives;
use crate::jobs::Jobs;
use crate::receive::{KeyRing, Terms};

const SAFE: &str = "Nothing was copied.";

/// Begins to copy the drives home. The keys are wiped when that is over.
///
/// # Errors
/// [`ApiError`] when no drive is named, the folder is not a whole path, there is no key, a drive is not one that the agent
/// lists or is being filled, or it cannot begin.
pub(super) fn start(agent: &Agent, asked: &ReceiveRequest) -> Result<Receiving, ApiError> {
    if asked.drives.is_empty() {
        return Err(wrong("No drive is chosen.", "").next("Choose at least one."));
    }
    let to = PathBuf::from(&asked.to);
    if !to.is_absolute() {
        let what = "The folder that everything goes to is not a whole path.";
        return Err(wrong(what, &asked.to).next("Begin at the root of the file system."));
    }
    let ring = ring(asked)?;
    for drive in &asked.drives {
        is_not_filled(&agent.jobs, &drive.path)?;
    }
    let wanted = drives::returned(agent.jobs.drives(), &agent.drives, &asked.drives)?;
    let terms = Terms {
        to,
        names: asked.names,
        dry_run: asked.dry_run,
    };
    let started = agent.homecoming.start(wanted, ring, &terms);
    started.map_err(|error| *error.error)
}

fn ring(asked: &ReceiveRequest) -> Result<KeyRing, ApiError> {
    let next = "A keys file has lines of SERIAL KEY, a key alone, or what the service lists.";
    let ring = KeyRing::parse(asked.keys.as_bytes());
    let ring = ring.map_err(|error| wrong(&error.to_string(), "the keys").next(next))?;
    match ring.broken() {
        [(number, error), ..] if ring.is_empty() => {
            let what = format!("entry {number} is no key: {error}");
            Err(wrong(&what, "the keys").next(next))
        }
        _ => Ok(ring),
    }
}

/// Refuses a drive of a job that is not over: what is read of it while it is written is nothing.
fn is_not_filled(jobs: &Jobs, path: &str) -> Result<(), ApiError> {
    let job = jobs.list().into_iter().find(|job| {
        let is_at_work = matches!(job.state, JobState::Running | JobState::Cancelling);
        is_at_work && job.drives.iter().any(|drive| drive.path == path)
    });
    job.map_or(Ok(()), |job| {
        let what = format!("the drive is being filled: session {}", job.session);
        Err(ApiError::new(code::REFUSED, what)
            .at(path)
            .safe(SAFE)
            .next("Wait for the end of that session."))
    })
}

fn wrong(what: &str, place: &str) -> ApiError {
    ApiError::new(code::BAD_REQUEST, what).at(place).safe(SAFE)
}
