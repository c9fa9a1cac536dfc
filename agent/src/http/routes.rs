//! Which request goes to which handler. Nothing here decides anything: the guard does before, the handler after.

use std::convert::Infallible;
use std::time::Instant;

use futures::Stream;
use serde::de::DeserializeOwned;
use shared::api::{ApiError, code, paths};
use warp::http::uri::Authority;
use warp::http::{HeaderMap, Method, header};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Buf, Filter};

use super::agent::Agent;
use super::guard::{self, Head};
use super::session::SessionId;
use super::{assets, body, handlers, reply};

/// Bytes of a request that names a path, a token, keys or words.
const SMALL: usize = 64 << 10;
/// Bytes of a request that starts a job or brings files: it may give many thousands of new names.
const LARGE: usize = 16 << 20;

/// Returns the whole server as one filter. Every answer, also a refusal, is an answer: nothing is rejected.
pub fn routes(
    agent: Agent,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    // An authority that is malformed, or another than the request line's, is none.
    let authority = warp::host::optional().or(warp::any().map(|| None)).unify();
    warp::method()
        .and(warp::path::full())
        .and(authority)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |method, path, authority, headers, body| {
            let request = Request {
                method,
                path,
                headers,
                body,
            };
            answer(agent.clone(), authority, request)
        })
        .or_else(|_| async { Ok::<_, Infallible>((reply::error(&no_such_path("")),)) })
}

struct Request<S> {
    method: Method,
    path: FullPath,
    headers: HeaderMap,
    body: S,
}

async fn answer<S, B>(agent: Agent, authority: Option<Authority>, request: Request<S>) -> Response
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf,
{
    let head = Head {
        method: &request.method,
        path: request.path.as_str(),
        authority: authority.as_ref(),
        headers: &request.headers,
    };
    let answered = match guard::check(head, &agent.sessions, Instant::now()) {
        Ok(session) => route(agent, session, request).await,
        Err(denied) => Err(ApiError::from(&denied)),
    };
    answered.unwrap_or_else(|error| reply::error(&error))
}

/// The table of routes.
async fn route<S, B>(
    agent: Agent,
    session: Option<SessionId>,
    request: Request<S>,
) -> Result<Response, ApiError>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf,
{
    let path = request.path.as_str().to_owned();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (&request.method, parts.as_slice()) {
        (&Method::GET | &Method::HEAD, rest) if rest.first() != Some(&"api") => {
            let known = request.headers.get(header::IF_NONE_MATCH);
            Ok(assets::file(&path, known.and_then(|tag| tag.to_str().ok())))
        }
        (&Method::POST, ["api", "session"]) => {
            handlers::open_session(&agent, &request.read(SMALL).await?)
        }
        (&Method::GET, ["api", "drives"]) => handlers::list_drives(agent).await,
        (&Method::POST, ["api", "folders"]) => {
            handlers::list_folders(request.read(SMALL).await?).await
        }
        (&Method::POST, ["api", "scan"]) => {
            handlers::scan(&agent, request.read(SMALL).await?).await
        }
        (&Method::GET, ["api", "ledger"]) => handlers::show_ledger(agent).await,
        (&Method::POST, ["api", "ledger"]) => {
            handlers::write_ledger(agent, request.read(SMALL).await?).await
        }
        (&Method::POST, ["api", "ledger", "import"]) => {
            handlers::import_ledger(agent, request.read(LARGE).await?).await
        }
        (&Method::POST, ["api", "storage"]) => {
            handlers::compare_storage(&agent, request.read(LARGE).await?).await
        }
        (&Method::GET, ["api", "storage", "report", id]) => {
            handlers::storage_report(&agent, &handlers::segment(id)?)
        }
        (&Method::POST, ["api", "receive"]) => {
            handlers::start_receiving(agent, request.read(SMALL).await?).await
        }
        (&Method::GET, ["api", "receive"]) => Ok(handlers::show_receiving(&agent)),
        (&Method::POST, ["api", "receive", "cancel"]) => handlers::cancel_receiving(&agent),
        (&Method::GET, ["api", "receive", "report", id]) => {
            handlers::receiving_report(&agent, &handlers::segment(id)?)
        }
        (&Method::GET, ["api", "events"]) => Ok(handlers::follow_events(&agent)),
        (&Method::GET, ["api", "jobs"]) => Ok(handlers::list_jobs(&agent)),
        (&Method::POST, ["api", "jobs"]) => {
            handlers::start_job(agent, request.read(LARGE).await?).await
        }
        (&Method::GET, ["api", "jobs", job]) => {
            handlers::show_job(&agent, &handlers::segment(job)?)
        }
        (&Method::POST, ["api", "jobs", job, paths::part::QUESTION]) => {
            let job = handlers::segment(job)?;
            handlers::ask(&agent, session, &job, &request.read(SMALL).await?)
        }
        (&Method::POST, ["api", "jobs", job, paths::part::CONFIRM]) => {
            let job = handlers::segment(job)?;
            handlers::confirm_job(agent, session, job, request.read(LARGE).await?).await
        }
        (&Method::POST, ["api", "jobs", job, paths::part::CANCEL]) => {
            handlers::cancel_job(&agent, &handlers::segment(job)?)
        }
        (&Method::POST, ["api", "jobs", job, paths::part::RESUME]) => {
            let job = handlers::segment(job)?;
            handlers::resume_job(agent, job).await
        }
        (&Method::POST, ["api", "jobs", job, paths::part::REPLACE]) => {
            let job = handlers::segment(job)?;
            handlers::replace_drive(agent, job, request.read(SMALL).await?).await
        }
        (&Method::GET, ["api", "jobs", job, paths::part::JOURNAL, serial]) => {
            let (job, serial) = (handlers::segment(job)?, handlers::segment(serial)?);
            handlers::journal(agent, job, serial).await
        }
        (&Method::POST, ["api", "jobs", job, paths::part::KEY, serial]) => handlers::key(
            &agent,
            &handlers::segment(job)?,
            &handlers::segment(serial)?,
        ),
        (_, parts) if is_path(parts) => Err(ApiError::new(
            code::WRONG_METHOD,
            "This path takes another method.",
        )
        .at(&path)
        .safe("Nothing was done.")),
        _ => Err(no_such_path(&path)),
    }
}

/// Returns whether the table has the path with any method.
fn is_path(parts: &[&str]) -> bool {
    match parts {
        ["api", name] => [
            "session", "drives", "folders", "scan", "ledger", "storage", "receive", "events",
            "jobs",
        ]
        .contains(name),
        ["api", "ledger", "import"] | ["api", "receive", "cancel"] => true,
        ["api", "storage" | "receive", "report", _] => true,
        ["api", "jobs", _] => true,
        ["api", "jobs", _, part] => [
            paths::part::QUESTION,
            paths::part::CONFIRM,
            paths::part::CANCEL,
            paths::part::RESUME,
            paths::part::REPLACE,
        ]
        .contains(part),
        ["api", "jobs", _, part, _] => [paths::part::JOURNAL, paths::part::KEY].contains(part),
        ["api", ..] => false,
        _ => true,
    }
}

fn no_such_path(path: &str) -> ApiError {
    ApiError::new(code::NOT_FOUND, "There is no such path.")
        .at(path)
        .safe("Nothing was done.")
}

impl<S, B> Request<S>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf,
{
    /// Returns the value that the body holds, of at most `bytes_max` bytes.
    async fn read<T: DeserializeOwned>(self, bytes_max: usize) -> Result<T, ApiError> {
        let content_type = self.headers.get(header::CONTENT_TYPE);
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        body::json(content_type, self.body, bytes_max).await
    }
}
