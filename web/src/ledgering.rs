//! The ledger's errands: to the agent where there is one, and otherwise in the page.

use shared::api::{ApiError, LedgerReply, LedgerRequest, code};
use shared::job::Moment;
use shared::ledger::{Change, Direction, Exchange, Shipment, read_exchange};
use web_sys::File;

use crate::effects::{Effects, fault};
use crate::local_file;
use crate::state::Action;
use crate::state::ledger::Turn;
use crate::work::{Outcome, Task};

impl Effects {
    fn turn(&self, turn: Turn) {
        self.act(Action::Ledger(Box::new(turn)));
    }

    /// Reads the agent's ledger.
    pub fn read_ledger(&self) {
        self.turn(Turn::Asked);
        self.spawn(|this| async move {
            let told = this.client.ledger().await.and_then(folded);
            this.turn(Turn::Told(told, None));
        });
    }

    /// Writes facts about a shipment down, all or none: with the agent, or in the page.
    pub fn write_ledger(&self, with_agent: bool, name: String, changes: Vec<Change>) {
        if !with_agent {
            return self.turn(Turn::Write(name, changes, now()));
        }
        self.turn(Turn::Asked);
        self.spawn(|this| async move {
            let request = LedgerRequest { name, changes };
            let told = this.client.write_ledger(&request).await.and_then(folded);
            if told.is_ok() {
                this.act(Action::Say("It is written down.".to_owned()));
            }
            this.turn(Turn::Told(told, Some(request.name)));
        });
    }

    /// Takes another site's file over: into the agent's ledger, or into the page.
    pub fn open_ledger(&self, with_agent: bool, file: File) {
        self.turn(Turn::Close);
        self.spawn(|this| async move {
            let name = file.name();
            let read = local_file::read_whole(&file).await;
            let read = read.map_err(|cause| unread(&format!("The file cannot be read: {cause}.")));
            if !with_agent {
                let told = read.and_then(|bytes| {
                    read_exchange(&bytes)
                        .map_err(|error| unread(&crate::planning::sentence(&error.to_string())))
                });
                return this.turn(Turn::Read(name, told));
            }
            this.turn(Turn::Asked);
            let text = read.and_then(|bytes| {
                String::from_utf8(bytes).map_err(|_| unread("The file is no text."))
            });
            let told = match text {
                Ok(text) => this.client.import_ledger(text).await.and_then(folded),
                Err(error) => Err(error),
            };
            if told.is_ok() {
                this.act(Action::Say(format!("{name} is taken over.")));
            }
            let told = told.map_err(|error| error.at(name));
            this.turn(Turn::Told(told, None));
        });
    }

    /// Has journals prove their drives, and writes those into a shipment.
    pub fn add_journals(
        &self,
        with_agent: bool,
        shipment: String,
        direction: Direction,
        files: Vec<File>,
    ) {
        self.turn(Turn::Asked);
        self.spawn(|this| async move {
            match this.desk.ask(Task::Prove(direction), files).await {
                Outcome::Proven(drives) => this.write_ledger(with_agent, shipment, drives),
                outcome => this.turn(Turn::Told(Err(fault(outcome)), None)),
            }
        });
    }

    /// Saves shipments as the file that another site takes over.
    pub fn save_ledger(&self, name: &str, shipments: &[Shipment]) {
        let text = Exchange::of(shipments).text();
        self.save_text(name, "application/json", &text);
        self.turn(Turn::Saved);
    }
}

fn folded(reply: LedgerReply) -> Result<Vec<Shipment>, ApiError> {
    reply.ledger.shipments().map_err(|error| {
        ApiError::new(
            code::INTERNAL,
            crate::planning::sentence(&error.to_string()),
        )
        .safe("The ledger is as it was.")
        .next("Load the page anew; page and agent may be of different versions.")
    })
}

fn unread(what: &str) -> ApiError {
    ApiError::new(code::BAD_REQUEST, what)
        .safe("Nothing was taken over.")
        .next("Ask the other site for what argosy jobs export, or this page, wrote.")
}

#[expect(
    clippy::as_conversions,
    reason = "a float cast saturates, and the time is a whole number of milliseconds"
)]
fn now() -> Moment {
    Moment(js_sys::Date::now() as u64)
}
