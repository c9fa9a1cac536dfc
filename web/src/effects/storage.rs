//! The comparison with a storage account, which the agent makes.

use std::rc::Rc;

use shared::api::{ApiError, StorageLog, StorageRequest, code};
use web_sys::{AbortController, File};

use super::Effects;
use crate::local_file::{file_bytes, read_whole, said};
use crate::state::Action;
use crate::state::storage::{LOGS_BYTES_MAX, Turn, Work};

impl Effects {
    fn storage(&self, turn: Turn) {
        self.act(Action::Storage(Box::new(turn)));
    }

    /// Has the agent compare what was prepared with an account. The request is dropped, and what opens the account
    /// wiped, when the answer is there.
    pub fn compare_storage(&self, request: StorageRequest) {
        let abort = match AbortController::new() {
            Ok(abort) => abort,
            Err(error) => {
                let error = ApiError::new(code::INTERNAL, said(&error));
                return self.storage(Turn::Ended(Work::Failed(error)));
            }
        };
        let signal = abort.signal();
        *self.comparison.borrow_mut() = Some(abort);
        let session = request.session.clone();
        self.storage(Turn::Asked(session.clone()));
        self.spawn(|this| async move {
            let work = match this.client.compare_storage(&request, &signal).await {
                Ok(reply) => {
                    this.act(Action::Say(reply.sentence.clone()));
                    Work::Told(session, Rc::new(reply))
                }
                Err(_) if signal.aborted() => Work::Stopped,
                Err(error) => Work::Failed(error),
            };
            this.storage(Turn::Ended(work));
        });
    }

    /// Stops it: the agent ends when nobody waits any more.
    pub fn stop_comparing(&self) {
        if let Some(abort) = self.comparison.borrow_mut().take() {
            abort.abort();
        }
    }

    /// Saves every finding of the last comparison.
    pub fn save_storage_report(&self, session: &str, id: String) {
        let name = format!("{session}.findings.csv");
        self.spawn(|this| async move {
            let saved = match this.client.storage_report(&id).await {
                Ok(report) => this.save_blob(&name, &report),
                Err(error) => Err(error),
            };
            this.tell(saved);
        });
    }

    /// Reads the service's logs, all or none.
    pub fn take_storage_logs(&self, files: Vec<File>) {
        self.spawn(|this| async move {
            let mut logs = Vec::new();
            for file in files {
                match log(&file).await {
                    Ok(log) => logs.push(log),
                    Err(why) => return this.storage(Turn::Logs(Err(why))),
                }
            }
            this.storage(Turn::Logs(Ok(logs)));
        });
    }
}

async fn log(file: &File) -> Result<StorageLog, String> {
    let name = file.name();
    if file_bytes(file) > LOGS_BYTES_MAX {
        return Err(format!(
            "{name} is too long for the page. The command line takes logs of any length: argosy confirm --copy-log."
        ));
    }
    let bytes = read_whole(file).await;
    let bytes = bytes.map_err(|cause| format!("{name} cannot be read: {cause}."))?;
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| format!("{name} is no log: it is no text in UTF-8."))?;
    Ok(StorageLog { name, text })
}
