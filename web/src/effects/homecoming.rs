//! Drives that came back, which the agent copies home: it goes on with that whether the page stays or not.

use bitlocker_image::key_text;
use shared::api::ReceiveRequest;
use web_sys::{File, HtmlTextAreaElement};
use zeroize::Zeroizing;

use super::Effects;
use crate::local_file::{file_bytes, read_whole};
use crate::state::Action;
use crate::state::homecoming::Turn;
use crate::words;

/// Longest keys file: as JSON it may be a third longer, and a request has at most 64 KiB.
const KEYS_BYTES_MAX: u64 = 48 << 10;

impl Effects {
    fn homecoming(&self, turn: Turn) {
        self.act(Action::Homecoming(Box::new(turn)));
    }

    /// Has the agent begin; `done` once it did. The request is dropped, and its keys are wiped, when it has answered.
    pub fn receive_drives(&self, request: ReceiveRequest, done: impl FnOnce() + 'static) {
        self.homecoming(Turn::Asked);
        let count = u64::try_from(request.drives.len()).unwrap_or(u64::MAX);
        let drives = words::counted(count, "drive is", "drives are");
        let what = if request.dry_run {
            "looked at"
        } else {
            "copied home"
        };
        self.spawn(|this| async move {
            match this.client.receive_drives(&request).await {
                Ok(standing) => {
                    this.act(Action::Say(format!("{drives} being {what}.")));
                    this.homecoming(Turn::Heard(standing));
                    done();
                }
                Err(error) => this.homecoming(Turn::Refused(error)),
            }
        });
    }

    /// Has the agent stop: what is home stays.
    pub fn stop_receiving(&self) {
        self.spawn(|this| async move {
            match this.client.cancel_receiving().await {
                Ok(standing) => this.homecoming(Turn::Heard(standing)),
                Err(error) => this.homecoming(Turn::Refused(error)),
            }
        });
    }

    /// Asks how it stands with drives that come home; an agent that does not know of any such thing is let be.
    pub(super) async fn refresh_receiving(&self) {
        if let Ok(standing) = self.client.receiving().await {
            self.homecoming(Turn::Heard(standing));
        }
    }

    /// Saves every row of what was received last.
    pub fn save_receive_report(&self, id: String) {
        self.spawn(|this| async move {
            let saved = match this.client.receive_report(&id).await {
                Ok(report) => this.save_blob("received.csv", &report),
                Err(error) => Err(error),
            };
            this.tell(saved);
        });
    }

    /// Reads a keys file into the covered field, the only place that has it then.
    pub fn take_keys_file(&self, file: File, field: HtmlTextAreaElement) {
        self.spawn(|this| async move {
            let taken = keys_of(&file).await.map(|keys| {
                field.set_value(&keys);
                file.name()
            });
            this.homecoming(Turn::Keys(taken));
        });
    }
}

async fn keys_of(file: &File) -> Result<Zeroizing<String>, String> {
    let name = file.name();
    if file_bytes(file) > KEYS_BYTES_MAX {
        return Err(format!(
            "{name} is too long for the page. The command line takes longer ones: argosy receive --keys."
        ));
    }
    let bytes = read_whole(file).await.map(Zeroizing::new);
    let bytes = bytes.map_err(|cause| format!("{name} cannot be read: {cause}."))?;
    key_text(&bytes).ok_or_else(|| format!("{name} is no keys file: it is no text."))
}
