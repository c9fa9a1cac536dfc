//! Where long work goes: to a worker, so that the page stays quick; to the page itself where there can be none (an old
//! browser).
//!
//! ```text
//! ask -> {number, task, files} -> worker: Bench::run -> {number, progress}* -> {number, outcome} -> answer
//! ```

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{LocalBoxFuture, Shared};
use gloo::timers::future::TimeoutFuture;
use js_sys::{Array, Object, Reflect, Uint8Array};
use shared::api::{ApiError, code};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Blob, BlobPropertyBag, DedicatedWorkerGlobalScope, ErrorEvent, File, MessageEvent, Url, Worker,
    WorkerOptions, WorkerType,
};

use crate::checking::Dropped;
use crate::local_file::{self, LocalFile};
use crate::receiving::Helper;
use crate::web_crypto::WebCrypto;
use crate::work::{Bench, Outcome, Task};

/// A worker that has not answered its first greeting by then is not there.
const PATIENCE_MS: u32 = 15_000;

/// What came of a piece of work, and the bytes that came with it.
type Answer = (Outcome, Option<Uint8Array>);

/// Gives work out and its outcome back. Cloning gives another handle to the same desk.
#[derive(Clone)]
pub struct Desk {
    inner: Rc<Inner>,
}

struct Inner {
    worker: RefCell<Option<Worker>>,
    script: RefCell<Option<Script>>,
    waiting: RefCell<HashMap<u32, oneshot::Sender<Answer>>>,
    next: Cell<u32>,
    bench: RefCell<Bench>,
    progress: Rc<dyn Fn(String)>,
    opening: RefCell<Option<Opening>>,
}

/// The wait for the first greeting, which everybody shares.
type Opening = Shared<LocalBoxFuture<'static, ()>>;

impl Desk {
    /// Returns a desk; `progress` is told how far long work is.
    #[must_use]
    pub fn new(progress: Rc<dyn Fn(String)>) -> Self {
        let inner = Rc::new(Inner {
            worker: RefCell::default(),
            script: RefCell::default(),
            waiting: RefCell::default(),
            next: Cell::new(0),
            bench: RefCell::default(),
            progress,
            opening: RefCell::default(),
        });
        if let Some(worker) = start_worker(&inner) {
            *inner.worker.borrow_mut() = Some(worker);
        }
        Self { inner }
    }

    /// Waits until it is known whether there is a worker; then nothing has to be asked twice. Whoever came first goes on
    /// first.
    pub async fn open(&self) {
        self.opening().await;
    }

    fn opening(&self) -> Opening {
        let greet = || {
            let this = self.clone();
            async move { this.greet().await }.boxed_local().shared()
        };
        let mut opening = self.inner.opening.borrow_mut();
        opening.get_or_insert_with(greet).clone()
    }

    async fn greet(&self) {
        if self.inner.worker.borrow().is_none() {
            return;
        }
        let greeting = Box::pin(self.ask(Task::Greet, Vec::new()));
        let late = TimeoutFuture::new(PATIENCE_MS);
        match futures::future::select(greeting, late).await {
            futures::future::Either::Left((Outcome::Greeted, _)) => {}
            _ => self.inner.give_up_worker(),
        }
    }

    /// Does a piece of work and returns what came of it.
    pub async fn ask(&self, task: Task, files: Vec<File>) -> Outcome {
        self.ask_all(task, files).await.0
    }

    /// Reads a piece of a file of the drive and returns its bytes.
    ///
    /// # Errors
    /// What the work came to instead.
    pub async fn ask_bytes(&self, task: Task) -> Result<Uint8Array, Outcome> {
        match self.ask_all(task, Vec::new()).await {
            (Outcome::Piece { .. }, Some(bytes)) => Ok(bytes),
            (outcome, _) => Err(outcome),
        }
    }

    /// Ends the worker and everything that it is doing; what waits for it fails.
    pub fn end(&self) {
        self.inner.give_up_worker();
    }

    async fn ask_all(&self, task: Task, files: Vec<File>) -> Answer {
        let worker = self.inner.worker.borrow().clone();
        let Some(worker) = worker else {
            let outcome = self.do_here(task, files).await;
            let bytes = bytes_of(&outcome);
            return (outcome, bytes);
        };
        let number = self.inner.next.get();
        self.inner.next.set(number.wrapping_add(1));
        let (answer, outcome) = oneshot::channel();
        self.inner.waiting.borrow_mut().insert(number, answer);
        if let Err(error) = post_task(&worker, number, &task, &files) {
            self.inner.waiting.borrow_mut().remove(&number);
            return (Outcome::Failed(broken(&local_file::said(&error))), None);
        }
        outcome
            .await
            .unwrap_or_else(|_| (Outcome::Failed(broken("the worker ended")), None))
    }

    async fn do_here(&self, task: Task, files: Vec<File>) -> Outcome {
        let mut dropped = Vec::with_capacity(files.len());
        for file in files {
            match local_file::read_whole(&file).await {
                Ok(content) => dropped.push(Dropped {
                    name: file.name(),
                    content: Rc::new(content),
                }),
                Err(cause) => {
                    let error = ApiError::new(
                        code::BAD_REQUEST,
                        format!("The file cannot be read: {cause}."),
                    );
                    return Outcome::Failed(error.at(file.name()).safe("Nothing was changed."));
                }
            }
        }
        // The page draws what it is doing before it is busy with it.
        TimeoutFuture::new(30).await;
        let progress = Rc::clone(&self.inner.progress);
        let mut bench = self.inner.bench.borrow_mut();
        bench.run(task, &dropped, &mut |text| progress(text))
    }
}

impl Inner {
    /// All that waits fails, and everything from here on is done in the page.
    fn give_up_worker(&self) {
        if let Some(worker) = self.worker.borrow_mut().take() {
            worker.terminate();
        }
        self.script.borrow_mut().take();
        self.waiting.borrow_mut().clear();
    }

    fn take_message(&self, message: &JsValue) {
        // It speaks, so it has read its script.
        self.script.borrow_mut().take();
        if let Some(text) = text_of(message, "progress") {
            (self.progress)(text);
            return;
        }
        let number = number_of(message);
        let Some(answer) = number.and_then(|number| self.waiting.borrow_mut().remove(&number))
        else {
            return;
        };
        let outcome = text_of(message, "outcome")
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_else(|| Outcome::Failed(broken("its answer cannot be read")));
        let bytes = Reflect::get(message, &"bytes".into());
        let bytes = bytes.ok().and_then(|bytes| bytes.dyn_into().ok());
        // Whoever asked may be gone.
        let _ = answer.send((outcome, bytes));
    }
}

fn start_worker(inner: &Rc<Inner>) -> Option<Worker> {
    let script = worker_script()?;
    let options = WorkerOptions::new();
    options.set_type(script.kind);
    let worker = Worker::new_with_options(&script.address, &options).ok()?;
    *inner.script.borrow_mut() = Some(script);
    let messages = Rc::downgrade(inner);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(inner) = messages.upgrade() {
            inner.take_message(&event.data());
        }
    });
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    let failures = Rc::downgrade(inner);
    let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |_| {
        if let Some(inner) = failures.upgrade() {
            inner.give_up_worker();
        }
    });
    worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    on_error.forget();
    Some(worker)
}

/// The script that a worker starts from. Where the page made it itself, it is let go with this.
struct Script {
    address: String,
    kind: WorkerType,
}

impl Drop for Script {
    fn drop(&mut self) {
        if self.address.starts_with("blob:") {
            // What cannot be let go ends with the page.
            let _ = Url::revoke_object_url(&self.address);
        }
    }
}

/// Returns the script: a file beside the page or, in the single file, the page's own program and module put together.
fn worker_script() -> Option<Script> {
    let document = gloo::utils::document();
    let (Some(program), Some(module)) = (
        document.get_element_by_id("program"),
        document.get_element_by_id("wasm"),
    ) else {
        return Some(Script {
            address: "boot.js".to_owned(),
            kind: WorkerType::Module,
        });
    };
    let module = module.text_content()?;
    let parts = Array::of4(
        &"globalThis.argosyWasm = '".into(),
        &module.trim().into(),
        &"';\n".into(),
        &program.text_content()?.into(),
    );
    let options = BlobPropertyBag::new();
    options.set_type("text/javascript");
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options).ok()?;
    // Chromium starts no module from a blob of a page that was opened from a file, but a classic script.
    let address = Url::create_object_url_with_blob(&blob).ok()?;
    let kind = WorkerType::Classic;
    Some(Script { address, kind })
}

fn post_task(worker: &Worker, number: u32, task: &Task, files: &[File]) -> Result<(), JsValue> {
    let task =
        serde_json::to_string(task).map_err(|error| JsValue::from_str(&error.to_string()))?;
    let message = Object::new();
    Reflect::set(&message, &"number".into(), &number.into())?;
    Reflect::set(&message, &"task".into(), &task.into())?;
    let list: Array = files.iter().collect();
    Reflect::set(&message, &"files".into(), &list)?;
    worker.post_message(&message)
}

thread_local! {
    static QUEUE: Queue = Queue::default();
}

/// What a worker does, one piece after the other: while one is suspended, what comes waits.
#[derive(Default)]
struct Queue {
    waiting: RefCell<VecDeque<JsValue>>,
    busy: Cell<bool>,
    bench: RefCell<Option<Bench>>,
}

/// Does a piece of work for a page, in a worker.
pub fn serve(message: JsValue) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    QUEUE.with(|queue| {
        queue.waiting.borrow_mut().push_back(message);
        if queue.busy.replace(true) {
            return;
        }
        // Out of its place while it works: what comes meanwhile finds nothing borrowed.
        let mut bench = queue.bench.take().unwrap_or_else(new_bench);
        while let Some(message) = next(queue) {
            answer(&message, &mut bench, &scope);
        }
        queue.bench.replace(Some(bench));
        queue.busy.set(false);
    });
}

fn next(queue: &Queue) -> Option<JsValue> {
    queue.waiting.borrow_mut().pop_front()
}

fn new_bench() -> Bench {
    let helper = WebCrypto::is_there().then(|| -> Helper { Arc::new(WebCrypto) });
    Bench::default().helped_by(helper)
}

fn answer(message: &JsValue, bench: &mut Bench, scope: &DedicatedWorkerGlobalScope) {
    let outcome = outcome_of(message, bench, scope);
    let number = number_of(message).unwrap_or_default();
    let text = serde_json::to_string(&outcome).unwrap_or_default();
    tell(scope, number, "outcome", &text, bytes_of(&outcome));
}

/// Returns the bytes that travel beside an outcome.
fn bytes_of(outcome: &Outcome) -> Option<Uint8Array> {
    match outcome {
        Outcome::Piece { bytes } => Some(Uint8Array::from(bytes.as_slice())),
        _ => None,
    }
}

fn outcome_of(message: &JsValue, bench: &mut Bench, scope: &DedicatedWorkerGlobalScope) -> Outcome {
    let task = text_of(message, "task").and_then(|task| serde_json::from_str::<Task>(&task).ok());
    let Some(task) = task else {
        return Outcome::Failed(broken("the work cannot be read"));
    };
    let list: Array = Reflect::get(message, &"files".into())
        .map(JsCast::unchecked_into)
        .unwrap_or_default();
    let mut files = Vec::new();
    for file in list.iter() {
        let file: File = file.unchecked_into();
        let name = file.name();
        match LocalFile::new(file) {
            Ok(content) => files.push(Dropped {
                name,
                content: Rc::new(content),
            }),
            Err(cause) => return Outcome::Failed(broken(&cause)),
        }
    }
    let number = number_of(message).unwrap_or_default();
    let mut progress = |text: String| tell(scope, number, "progress", &text, None);
    bench.run(task, &files, &mut progress)
}

fn tell(
    scope: &DedicatedWorkerGlobalScope,
    number: u32,
    kind: &str,
    text: &str,
    bytes: Option<Uint8Array>,
) {
    let message = Object::new();
    let set = Reflect::set(&message, &"number".into(), &number.into())
        .and_then(|_| Reflect::set(&message, &kind.into(), &text.into()));
    // Bytes are handed over, not copied.
    let given = Array::new();
    let with_bytes = bytes.map_or(Ok(true), |bytes| {
        given.push(&bytes.buffer());
        Reflect::set(&message, &"bytes".into(), &bytes)
    });
    if set.and(with_bytes).is_ok() {
        // A page that is gone does not hear it.
        let _ = scope.post_message_with_transfer(&message, &given);
    }
}

fn text_of(message: &JsValue, key: &str) -> Option<String> {
    Reflect::get(message, &key.into()).ok()?.as_string()
}

#[expect(
    clippy::as_conversions,
    reason = "a float cast saturates, and the numbers are our own u32"
)]
fn number_of(message: &JsValue) -> Option<u32> {
    let number = Reflect::get(message, &"number".into()).ok()?.as_f64()?;
    Some(number as u32)
}

fn broken(cause: &str) -> ApiError {
    ApiError::new(
        code::INTERNAL,
        format!("The page could not finish this: {cause}."),
    )
    .safe("Nothing was changed.")
    .next("Try again; if it happens twice, load the page anew.")
}
