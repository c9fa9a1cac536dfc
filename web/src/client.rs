//! Requests to the agent: the only place that makes one.

use std::cell::RefCell;
use std::rc::Rc;

use futures::channel::mpsc;
use gloo::net::http::{Request, RequestBuilder, Response};
use gloo::storage::{SessionStorage, Storage};
use js_sys::{Array, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::api::{
    ApiError, ConfirmRequest, DrivesReply, Event, FoldersReply, FoldersRequest, JobSnapshot,
    JobsReply, KeyReply, LedgerImport, LedgerReply, LedgerRequest, QuestionReply, QuestionRequest,
    ReceiveRequest, Receiving, ReplaceRequest, ScanRequest, SessionReply, SessionRequest,
    StartReply, StartRequest, StorageReply, StorageRequest, code, paths,
};
use shared::mhl::Creator;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Blob, File, ReadableStreamDefaultReader};

use crate::event_stream::EventStream;
use crate::local_file::said;

/// Where the header token lies: for this tab only, and gone with it. Worthless without the cookie that no script sees.
const STORED: &str = "argosy-session";
/// Where the agent's six digits lie.
const STORED_CODE: &str = "argosy-code";
/// Where it lies who makes the agent's hash lists.
const STORED_CREATOR: &str = "argosy-creator";
/// Code of the error that says that nobody answered.
pub const NO_AGENT: &str = "no-agent";

/// Talks to the agent that served this page. Cloning gives another handle to the same session.
#[derive(Clone, Default)]
pub struct Client {
    session: Rc<RefCell<Option<String>>>,
}

impl Client {
    /// Returns a client with the session that this tab had before it was loaded again, if any.
    #[must_use]
    pub fn new() -> Self {
        let client = Self::default();
        *client.session.borrow_mut() = SessionStorage::get(STORED).ok();
        client
    }

    /// Returns whether the page was served by this machine.
    #[must_use]
    pub fn is_loopback() -> bool {
        let host = gloo::utils::window().location().hostname();
        host.is_ok_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str()))
    }

    /// Takes the launch token out of the page's address, so that it stays in no history.
    #[must_use]
    pub fn take_launch_token() -> Option<String> {
        let window = gloo::utils::window();
        let location = window.location();
        let fragment = location.hash().ok()?;
        let token = fragment
            .strip_prefix('#')?
            .strip_prefix(paths::LAUNCH_FRAGMENT)?
            .strip_prefix('=')?
            .to_owned();
        let path = location.pathname().unwrap_or_else(|_| "/".to_owned());
        let replaced = window
            .history()
            .and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(&path)));
        // Where the history cannot be changed the token is still spent in a moment.
        let _ = replaced;
        Some(token)
    }

    /// Exchanges a launch token for a session; returns the agent's version.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn open_session(&self, token: String) -> Result<String, ApiError> {
        let reply: SessionReply = self.post(paths::SESSION, &SessionRequest { token }).await?;
        // Without storage the session lives until the page is loaded anew.
        let _ = SessionStorage::set(STORED, &reply.session);
        let _ = SessionStorage::set(STORED_CODE, &reply.code);
        let creator = Creator {
            host: reply.host,
            version: reply.version.clone(),
        };
        let _ = SessionStorage::set(STORED_CREATOR, &creator);
        *self.session.borrow_mut() = Some(reply.session);
        Ok(reply.version)
    }

    /// Returns the six digits that the agent printed where it runs; empty before there is a session.
    #[must_use]
    pub fn code() -> String {
        SessionStorage::get(STORED_CODE).unwrap_or_default()
    }

    /// Returns who the agent's hash lists say made them; none before there is a session.
    #[must_use]
    pub fn creator() -> Option<Creator> {
        SessionStorage::get(STORED_CREATOR).ok()
    }

    /// Forgets a session that the agent does not know any more.
    pub fn forget_session(&self) {
        SessionStorage::delete(STORED);
        SessionStorage::delete(STORED_CODE);
        SessionStorage::delete(STORED_CREATOR);
        *self.session.borrow_mut() = None;
    }

    /// Returns whether this tab has a session.
    #[must_use]
    pub fn has_session(&self) -> bool {
        self.session.borrow().is_some()
    }

    /// Returns the drives.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn drives(&self) -> Result<DrivesReply, ApiError> {
        self.get(paths::DRIVES).await
    }

    /// Returns what is in a folder.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn folders(&self, path: Option<String>) -> Result<FoldersReply, ApiError> {
        self.post(paths::FOLDERS, &FoldersRequest { path }).await
    }

    /// Scans a folder; returns the answer as a file, which the browser keeps wherever it has room and a
    /// worker reads a piece at a time.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn scan(&self, path: String, other_file_systems: bool) -> Result<File, ApiError> {
        let request = self.body(
            Request::post(paths::SCAN),
            &ScanRequest {
                path,
                other_file_systems,
            },
        )?;
        let blob = blob(good(request.send().await).await?).await?;
        File::new_with_blob_sequence(&Array::of1(&blob), "the agent's answer")
            .map_err(|error| unreadable(&said(&error)))
    }

    /// Returns the jobs.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn jobs(&self) -> Result<JobsReply, ApiError> {
        self.get(paths::JOBS).await
    }

    /// Returns one job.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn job(&self, id: &str) -> Result<JobSnapshot, ApiError> {
        self.get(&paths::job(id)).await
    }

    /// Has a job planned; nothing is touched.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn start(&self, request: &StartRequest) -> Result<StartReply, ApiError> {
        self.post(paths::JOBS, request).await
    }

    /// Has the agent ask whether a job's drives may be erased; the confirmation answers that.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn question(&self, job: &str, plan_hash: &str) -> Result<QuestionReply, ApiError> {
        let plan_hash = plan_hash.to_owned();
        self.post(&paths::question(job), &QuestionRequest { plan_hash })
            .await
    }

    /// Confirms a job: now drives are erased and filled.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn confirm(
        &self,
        job: &str,
        words: &ConfirmRequest,
    ) -> Result<JobSnapshot, ApiError> {
        self.post(&paths::confirm(job), words).await
    }

    /// Stops a job.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn cancel(&self, job: &str) -> Result<JobSnapshot, ApiError> {
        self.post(&paths::cancel(job), &serde_json::Value::Null)
            .await
    }

    /// Goes on with a job that stopped before its end.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn resume(&self, job: &str) -> Result<JobSnapshot, ApiError> {
        self.post(&paths::resume(job), &serde_json::Value::Null)
            .await
    }

    /// Plans the files of a drive of a job onto a spare.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn replace(
        &self,
        job: &str,
        request: &ReplaceRequest,
    ) -> Result<StartReply, ApiError> {
        self.post(&paths::replace(job), request).await
    }

    /// Returns a drive's recovery password.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn key(&self, job: &str, serial: &str) -> Result<KeyReply, ApiError> {
        self.post(&paths::key(job, serial), &serde_json::Value::Null)
            .await
    }

    /// Returns a drive's journal.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn journal(&self, job: &str, serial: &str) -> Result<Vec<u8>, ApiError> {
        let request = self.with_session(Request::get(&paths::journal(job, serial)));
        let response = good(request.send().await).await?;
        response
            .binary()
            .await
            .map_err(|error| unreadable(&error.to_string()))
    }

    /// Returns the ledger of shipments.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn ledger(&self) -> Result<LedgerReply, ApiError> {
        self.get(paths::LEDGER).await
    }

    /// Writes facts about a shipment into the ledger.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn write_ledger(&self, request: &LedgerRequest) -> Result<LedgerReply, ApiError> {
        self.post(paths::LEDGER, request).await
    }

    /// Has another site's file taken over into the ledger.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn import_ledger(&self, file: String) -> Result<LedgerReply, ApiError> {
        self.post(paths::LEDGER_IMPORT, &LedgerImport { file })
            .await
    }

    /// Has what was prepared compared with a storage account, until `signal` ends it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn compare_storage(
        &self,
        request: &StorageRequest,
        signal: &AbortSignal,
    ) -> Result<StorageReply, ApiError> {
        let sent = Request::post(paths::STORAGE).abort_signal(Some(signal));
        let request = self.body(sent, request)?;
        parsed(good(request.send().await).await?).await
    }

    /// Returns every finding of a comparison, as a file that the browser keeps wherever it has room.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn storage_report(&self, id: &str) -> Result<Blob, ApiError> {
        let request = self.with_session(Request::get(&paths::storage_report(id)));
        blob(good(request.send().await).await?).await
    }

    /// Has drives that came back copied home; returns how it stands then.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn receive_drives(&self, request: &ReceiveRequest) -> Result<Receiving, ApiError> {
        self.post(paths::RECEIVE, request).await
    }

    /// Returns how it stands with drives that come home.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn receiving(&self) -> Result<Receiving, ApiError> {
        self.get(paths::RECEIVE).await
    }

    /// Has the copying of drives stop; returns how it stands then.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn cancel_receiving(&self) -> Result<Receiving, ApiError> {
        self.post(paths::RECEIVE_CANCEL, &serde_json::Value::Null)
            .await
    }

    /// Returns every row of what was received last, as a file that the browser keeps wherever it has room.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn receive_report(&self, id: &str) -> Result<Blob, ApiError> {
        let request = self.with_session(Request::get(&paths::receive_report(id)));
        blob(good(request.send().await).await?).await
    }

    /// Begins to listen to the agent: what it tells from now on waits until it is passed on.
    ///
    /// # Errors
    /// [`ApiError`] when it could not begin.
    pub async fn events(&self) -> Result<Events, ApiError> {
        let request = self.with_session(Request::get(paths::EVENTS));
        let response = good(request.send().await).await?;
        let body = response
            .body()
            .ok_or_else(|| unreadable("it has no body"))?;
        Ok(Events {
            reader: body.get_reader().unchecked_into(),
        })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        parsed(good(self.with_session(Request::get(path)).send().await).await?).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        let request = self.body(Request::post(path), body)?;
        parsed(good(request.send().await).await?).await
    }

    fn body(&self, request: RequestBuilder, body: &impl Serialize) -> Result<Request, ApiError> {
        self.with_session(request)
            .json(body)
            .map_err(|error| unreadable(&error.to_string()))
    }

    fn with_session(&self, request: RequestBuilder) -> RequestBuilder {
        match self.session.borrow().as_ref() {
            Some(session) => request.header(paths::SESSION_HEADER, session),
            None => request,
        }
    }
}

/// What the agent tells by itself.
pub struct Events {
    reader: ReadableStreamDefaultReader,
}

impl Events {
    /// Hangs up: a browser has few connections to one agent.
    pub async fn stop(self) {
        // Where there is no connection any more there is nothing to hang up.
        let _ = JsFuture::from(self.reader.cancel()).await;
    }

    /// Gives every event to `into`, until the agent ends or nobody takes them.
    pub async fn pass_on(self, into: &mpsc::UnboundedSender<Event>) {
        let mut stream = EventStream::default();
        while let Ok(piece) = JsFuture::from(self.reader.read()).await {
            let done = Reflect::get(&piece, &"done".into()).is_ok_and(|done| done.is_truthy());
            if done {
                return;
            }
            let Ok(bytes) = Reflect::get(&piece, &"value".into()) else {
                return;
            };
            let bytes: Uint8Array = bytes.unchecked_into();
            for data in stream.push(&bytes.to_vec()) {
                // An event of a newer agent that this page does not know is left to the next snapshot.
                if let Ok(event) = serde_json::from_str(&data)
                    && into.unbounded_send(event).is_err()
                {
                    return;
                }
            }
        }
    }
}

/// Returns the answer when it is a good one.
async fn good(answer: Result<Response, gloo::net::Error>) -> Result<Response, ApiError> {
    let response = answer.map_err(|error| no_agent(&error))?;
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    // Whatever is not ours does not speak our errors: another server, or none of our paths.
    let error = response.json::<ApiError>().await;
    Err(error.unwrap_or_else(|_| {
        ApiError::new(
            NO_AGENT,
            format!("No agent answers here (status {status})."),
        )
        .safe("Nothing was done.")
        .next("Start argosy serve and open the address that it prints.")
    }))
}

async fn blob(response: Response) -> Result<Blob, ApiError> {
    let unread = |error: JsValue| unreadable(&said(&error));
    let blob = web_sys::Response::from(response).blob().map_err(unread)?;
    let blob = JsFuture::from(blob).await.map_err(unread)?;
    Ok(blob.unchecked_into())
}

async fn parsed<T: DeserializeOwned>(response: Response) -> Result<T, ApiError> {
    response.json().await.map_err(|error| match error {
        gloo::net::Error::JsError(error) => no_agent(&gloo::net::Error::JsError(error)),
        error => unreadable(&error.to_string()),
    })
}

fn no_agent(error: &gloo::net::Error) -> ApiError {
    let cause = match error {
        gloo::net::Error::JsError(error) => error.message.clone(),
        error => error.to_string(),
    };
    ApiError::new(NO_AGENT, "The agent does not answer.")
        .at(cause)
        .safe("What it wrote is on the drives; each journal says how far.")
        .next("Look at the window where argosy serve runs, and start it again if it ended.")
}

fn unreadable(cause: &str) -> ApiError {
    ApiError::new(
        code::INTERNAL,
        format!("The agent's answer cannot be read: {cause}."),
    )
    .safe("Drives at work go on.")
    .next("Load the page anew; page and agent may be of different versions.")
}

/// Copies text to the clipboard.
///
/// # Errors
/// The browser's word when it does not allow it.
pub async fn copy(text: &str) -> Result<(), String> {
    let clipboard = gloo::utils::window().navigator().clipboard();
    JsFuture::from(clipboard.write_text(text))
        .await
        .map(|_| ())
        .map_err(|error| said(&error))
}
