//! One function a route. Each reads its request, calls one method, and hands the outcome to `reply`.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use shared::api::{
    ApiError, ConfirmRequest, DrivesReply, FoldersRequest, JobState, JobsReply, KeyReply,
    LedgerImport, LedgerRequest, QuestionReply, QuestionRequest, ReceiveRequest, ReplaceRequest,
    ScanRequest, SessionReply, SessionRequest, StartRequest, StorageRequest, code, paths,
    scan_head,
};
use shared::plan::Columns;
use warp::http::{HeaderValue, header};
use warp::reply::Response;
use zeroize::{Zeroize, Zeroizing};

use super::agent::Agent;
use super::last_report::Kept;
use super::questions::{QUESTION_LIFE, Void};
use super::scanning::EndsScan;
use super::session::SessionId;
use super::storage::{EndsComparison, StorageWatch};
use super::{drives, events, folders, ledger, receiving, reply, scanning, storage};
use crate::device::Said;
use crate::jobs::{Confirmation, JobError, JobRequest};
use crate::scan::ScanWatch;

pub(super) fn open_session(agent: &Agent, request: &SessionRequest) -> Result<Response, ApiError> {
    let new = agent
        .sessions
        .exchange(&request.token, Instant::now())
        .map_err(|refused| ApiError::from(&refused))?;
    let mut response = reply::json(&SessionReply {
        session: new.header.as_str().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: crate::machine::name(),
        code: agent.sessions.code().to_owned(),
    });
    let cookie = format!(
        "{}={}; Path=/api; HttpOnly; SameSite=Strict",
        agent.sessions.cookie_name(),
        new.cookie.as_str()
    );
    let cookie =
        HeaderValue::from_str(&cookie).map_err(|_| internal("the cookie has a bad letter"))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

pub(super) async fn list_drives(agent: Agent) -> Result<Response, ApiError> {
    let drives = blocking(move || Ok(drives::list(agent.jobs.drives(), &agent.drives))).await?;
    Ok(reply::json(&DrivesReply { drives }))
}

pub(super) async fn list_folders(request: FoldersRequest) -> Result<Response, ApiError> {
    let found = blocking(move || folders::list(request.path.as_deref())).await?;
    Ok(reply::json(&found))
}

/// Scans a folder, telling how far it is; when the page goes away, this is dropped and the scan ends.
pub(super) async fn scan(agent: &Agent, request: ScanRequest) -> Result<Response, ApiError> {
    let watch = ScanWatch::default();
    let _ends = EndsScan(watch.clone());
    let (path, watched) = (request.path.clone(), watch.clone());
    let found = blocking(move || scanning::scan(&request, &watched));
    let (said, listing) = tokio::select! {
        found = found => found?,
        never = scanning::tell(&agent.jobs, &path, &watch) => match never {},
    };
    let head = scan_head(&said).map_err(|error| {
        ApiError::new(code::INTERNAL, format!("The scan cannot be sent: {error}."))
            .at(&path)
            .safe("Nothing was changed.")
    })?;
    let columns = said.has_listing.then(|| Columns::new(listing));
    Ok(reply::pieces(head, columns.into_iter().flatten()))
}

/// Compares what was prepared with a storage account, telling how far it is; when the page goes away, this is dropped and
/// the comparison ends.
pub(super) async fn compare_storage(
    agent: &Agent,
    request: StorageRequest,
) -> Result<Response, ApiError> {
    let watch = StorageWatch::default();
    let _ends = EndsComparison(watch.clone());
    let (session, watched) = (request.session.clone(), watch.clone());
    let reports = Arc::clone(&agent.reports);
    let compared = blocking(move || storage::compare(&request, &watched, &reports));
    let told = tokio::select! {
        compared = compared => compared?,
        never = storage::tell(&agent.jobs, &session, &watch) => match never {},
    };
    Ok(reply::json(&told))
}

/// Begins to copy drives home; that goes on without anybody waiting.
pub(super) async fn start_receiving(
    agent: Agent,
    request: ReceiveRequest,
) -> Result<Response, ApiError> {
    let begun = blocking(move || receiving::start(&agent, &request)).await?;
    Ok(reply::json(&begun))
}

pub(super) fn show_receiving(agent: &Agent) -> Response {
    reply::json(&agent.homecoming.standing())
}

pub(super) fn cancel_receiving(agent: &Agent) -> Result<Response, ApiError> {
    let stopping = agent.homecoming.cancel().map_err(api_error)?;
    Ok(reply::json(&stopping))
}

/// Returns every row of what was received last.
pub(super) fn receiving_report(agent: &Agent, id: &str) -> Result<Response, ApiError> {
    let report = agent.homecoming.report(id).ok_or_else(|| {
        ApiError::new(code::NOT_FOUND, "This report is not kept any more.")
            .safe("What is home stays.")
            .next("Look again: the agent keeps the report of the last time.")
    })?;
    let report = Kept::of(id, report)
        .map_err(|error| ApiError::new(code::IO, error.to_string()).safe("What is home stays."))?;
    let bytes = report.bytes;
    Ok(reply::csv("received.csv", bytes, report.pieces()))
}

/// Returns every finding of the last comparison.
pub(super) fn storage_report(agent: &Agent, id: &str) -> Result<Response, ApiError> {
    let report = agent.reports.get(id).ok_or_else(|| {
        ApiError::new(code::NOT_FOUND, "This report is not kept any more.")
            .safe("Nothing was changed anywhere.")
            .next("Compare again: the agent keeps the report of the last comparison.")
    })?;
    let bytes = report.bytes;
    Ok(reply::csv("findings.csv", bytes, report.pieces()))
}

pub(super) async fn show_ledger(agent: Agent) -> Result<Response, ApiError> {
    let told = blocking(move || ledger::show(&agent.state_dir)).await?;
    Ok(reply::json(&told))
}

pub(super) async fn write_ledger(
    agent: Agent,
    request: LedgerRequest,
) -> Result<Response, ApiError> {
    let told = blocking(move || ledger::write(&agent.state_dir, request)).await?;
    Ok(reply::json(&told))
}

pub(super) async fn import_ledger(
    agent: Agent,
    request: LedgerImport,
) -> Result<Response, ApiError> {
    let told = blocking(move || ledger::import(&agent.state_dir, &request)).await?;
    Ok(reply::json(&told))
}

pub(super) fn list_jobs(agent: &Agent) -> Response {
    reply::json(&JobsReply {
        jobs: agent.jobs.list(),
    })
}

pub(super) async fn start_job(agent: Agent, request: StartRequest) -> Result<Response, ApiError> {
    let started = blocking(move || {
        let mut request = request;
        drives::recognise(agent.jobs.drives(), &agent.drives, &mut request.drives)?;
        let wanted =
            JobRequest::from_wire(request, agent.journal_dir.clone()).map_err(api_error)?;
        agent.jobs.start(wanted).map_err(api_error)
    })
    .await?;
    Ok(reply::json(&started))
}

pub(super) fn show_job(agent: &Agent, job: &str) -> Result<Response, ApiError> {
    let snapshot = agent.jobs.snapshot(job);
    let snapshot = snapshot.ok_or_else(|| api_error(JobError::no_such_job(job)))?;
    Ok(reply::json(&snapshot))
}

/// Asks the question that stands before every erasing.
pub(super) fn ask(
    agent: &Agent,
    session: Option<SessionId>,
    job: &str,
    request: &QuestionRequest,
) -> Result<Response, ApiError> {
    let session = session.ok_or_else(|| ApiError::from(&Void::Unknown))?;
    let snapshot = agent.jobs.snapshot(job);
    let snapshot = snapshot.ok_or_else(|| api_error(JobError::no_such_job(job)))?;
    if snapshot.state != JobState::WaitsForConfirmation {
        let error = JobError::wrong_state("this job is not waiting to be confirmed");
        return Err(api_error(error));
    }
    let question = agent
        .questions
        .ask(session, job, &request.plan_hash, Instant::now())
        .map_err(|error| internal(&error.to_string()))?;
    Ok(reply::json(&QuestionReply {
        question: question.as_str().to_owned(),
        seconds: QUESTION_LIFE.as_secs(),
    }))
}

/// Takes the answer to that question: from here on drives are erased.
pub(super) async fn confirm_job(
    agent: Agent,
    session: Option<SessionId>,
    job: String,
    request: ConfirmRequest,
) -> Result<Response, ApiError> {
    let session = session.ok_or_else(|| ApiError::from(&Void::Unknown))?;
    let running = blocking(move || {
        is_not_received(&agent, &job)?;
        let plan = &request.plan_hash;
        let answer = agent
            .questions
            .answer(session, &job, plan, &request.question, Instant::now())
            .map_err(|void| ApiError::from(&void))?;
        let words: Vec<Confirmation> = request.drives.into_iter().map(word).collect();
        let confirmed = agent.jobs.confirm(&job, plan, &words);
        confirmed.map_err(|error| {
            agent.questions.was_wrong(answer);
            api_error(error)
        })
    })
    .await?;
    Ok(reply::json(&running))
}

/// Refuses to write to a drive whose files are on their way home.
fn is_not_received(agent: &Agent, job: &str) -> Result<(), ApiError> {
    let drives = agent.jobs.snapshot(job).map(|snapshot| snapshot.drives);
    let mut drives = drives.into_iter().flatten();
    let held = drives.find(|drive| agent.homecoming.holds(Path::new(&drive.path)));
    held.map_or(Ok(()), |drive| {
        Err(
            ApiError::new(code::REFUSED, "The drive is being copied home.")
                .at(drive.path)
                .safe("Nothing was touched.")
                .next("Wait for the end of that, or stop it first."),
        )
    })
}

fn word(drive: shared::api::Confirmation) -> Confirmation {
    Confirmation {
        serial: drive.serial,
        said: match drive.typed {
            typed if typed.is_empty() => Said::BlankImage,
            typed => Said::LastFour(typed),
        },
        accepts_sectors: drive.accepts_sectors,
    }
}

pub(super) fn cancel_job(agent: &Agent, job: &str) -> Result<Response, ApiError> {
    Ok(reply::json(&agent.jobs.cancel(job).map_err(api_error)?))
}

/// Goes on with a job. No question is asked again: only drives that were confirmed for it are taken, and each must be the
/// one that its journal tells of.
pub(super) async fn resume_job(agent: Agent, job: String) -> Result<Response, ApiError> {
    let running = blocking(move || {
        is_not_received(&agent, &job)?;
        let drives = agent.drives.to_vec();
        agent.jobs.resume_job(&job, drives).map_err(api_error)
    })
    .await?;
    Ok(reply::json(&running))
}

/// Plans the files of a drive of a job that stopped onto a spare: a job of its own, which is asked about and confirmed as any.
pub(super) async fn replace_drive(
    agent: Agent,
    job: String,
    request: ReplaceRequest,
) -> Result<Response, ApiError> {
    let started = blocking(move || {
        let ReplaceRequest { serial, mut spare } = request;
        let spares = std::slice::from_mut(&mut spare);
        drives::recognise(agent.jobs.drives(), &agent.drives, spares)?;
        let planned = agent.jobs.replace_drive(&job, serial, spare.into());
        planned.map_err(api_error)
    })
    .await?;
    Ok(reply::json(&started))
}

pub(super) async fn journal(
    agent: Agent,
    job: String,
    serial: String,
) -> Result<Response, ApiError> {
    let name = agent
        .jobs
        .snapshot(&job)
        .and_then(|snapshot| {
            snapshot
                .drives
                .into_iter()
                .find(|drive| drive.serial == serial)
        })
        .map_or_else(|| format!("{serial}.jrn"), |drive| drive.journal);
    let bytes = blocking(move || agent.jobs.journal(&job, &serial).map_err(api_error)).await?;
    Ok(reply::download(&name, Zeroizing::new(bytes)))
}

pub(super) fn key(agent: &Agent, job: &str, serial: &str) -> Result<Response, ApiError> {
    let password = agent
        .jobs
        .recovery_password(job, serial)
        .map_err(api_error)?;
    let mut answer = KeyReply {
        serial: serial.to_owned(),
        recovery_password: password.to_string(),
    };
    let response = reply::secret_json(&answer).map_err(|error| internal(&error.to_string()));
    answer.recovery_password.zeroize();
    response
}

pub(super) fn follow_events(agent: &Agent) -> Response {
    events::stream(agent.jobs.subscribe(), agent.ending.clone())
}

/// Returns a segment of the path as text.
///
/// # Errors
/// [`ApiError`] when its percent signs are wrong.
pub(super) fn segment(encoded: &str) -> Result<String, ApiError> {
    paths::unsegment(encoded)
        .ok_or_else(|| ApiError::new(code::BAD_REQUEST, "The path is not well formed.").at(encoded))
}

/// Runs what waits for a disk on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| internal("a part of the agent stopped"))?
}

fn api_error(error: JobError) -> ApiError {
    *error.error
}

fn internal(what: &str) -> ApiError {
    ApiError::new(code::INTERNAL, format!("The agent made a mistake: {what}."))
        .safe("Drives at work go on; their journals hold how far they are.")
        .next("Look at the window where argosy serve runs, and start it again if it ended.")
}
