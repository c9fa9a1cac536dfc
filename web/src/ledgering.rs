//! The ledger's errands: to the agent where there is one, and otherwise in the page.

use shared::api::{ApiError, LedgerReply, LedgerRequest, code};
use shared::job::Moment;
use shared::ledger::{Change, Direction, Exchange, Shipment, read_exchange};
use web_sys::File;

use crate::app::Context;
use crate::effects::{Effects, fault};
use crate::local_file;
use crate::state::Action;
use crate::state::ledger::Turn;
use crate::words::sentence;
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

    fn write_ledger(&self, with_agent: bool, request: LedgerRequest) {
        if !with_agent {
            return self.turn(Turn::Write(request.name, request.changes, now()));
        }
        self.turn(Turn::Asked);
        self.spawn(|this| async move {
            let told = this.client.write_ledger(&request).await.and_then(folded);
            match &told {
                Ok(_) => this.act(Action::Say("It is written down.".to_owned())),
                // Somebody else wrote meanwhile, or the answer to this was lost: the person sees what stands there.
                Err(error) if error.code == code::WRONG_STATE => {
                    if let Ok(all) = this.client.ledger().await.and_then(folded) {
                        this.turn(Turn::Told(Ok(all), None));
                    }
                }
                Err(_) => {}
            }
            this.turn(Turn::Told(told, Some(request.name)));
        });
    }

    /// Takes other sites' files over, one after the other: into the agent's ledger, or into the page.
    pub fn open_ledgers(&self, with_agent: bool, files: Vec<File>) {
        self.turn(Turn::Close);
        self.spawn(|this| async move {
            for file in files {
                let name = file.name();
                let read = local_file::read_whole(&file).await;
                let read =
                    read.map_err(|cause| unread(&format!("The file cannot be read: {cause}.")));
                if !with_agent {
                    this.turn(Turn::Read(name, read.and_then(|bytes| told(&bytes))));
                } else if !this.import_ledger(name, read).await {
                    // What the next ones say would hide why this one was refused.
                    return;
                }
            }
        });
    }

    /// Has the agent take a file over; returns whether it did.
    async fn import_ledger(&self, name: String, read: Result<Vec<u8>, ApiError>) -> bool {
        self.turn(Turn::Asked);
        let text = read
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| unread("The file is no text.")));
        let told = match text {
            Ok(text) => self.client.import_ledger(text).await.and_then(folded),
            Err(error) => Err(error),
        };
        let is_taken = told.is_ok();
        if is_taken {
            self.act(Action::Say(format!("{name} is taken over.")));
        }
        let told = told.map_err(|error| error.at(name));
        self.turn(Turn::Told(told, None));
        is_taken
    }

    /// Saves shipments as the file that another site takes over.
    pub fn save_ledger(&self, name: &str, shipments: &[Shipment]) {
        let text = Exchange::of(shipments).text();
        let saved = self.save(name, "application/json", text.as_bytes());
        if saved.is_ok() {
            self.turn(Turn::Saved);
        }
        self.tell(saved.map_err(|error| error.safe("It is in the page still.")));
    }
}

impl Context {
    /// Writes facts about a shipment down, all or none: with the agent, or in the page. Does nothing while something else
    /// is on its way: whoever presses twice means it once.
    pub fn write_down(&self, shipment: &str, changes: Vec<Change>) {
        if !self.state.ledger.working {
            let request = self.ledger_request(shipment, changes);
            let with_agent = self.state.has_agents_ledger();
            self.effects.write_ledger(with_agent, request);
        }
    }

    /// Has journals prove their drives, and writes those into a shipment of this direction.
    pub fn add_journals(&self, shipment: &str, direction: Direction, files: Vec<File>) {
        if self.state.ledger.working {
            return;
        }
        let with_agent = self.state.has_agents_ledger();
        let mut request = self.ledger_request(shipment, Vec::new());
        self.effects.turn(Turn::Asked);
        self.effects.spawn(|this| async move {
            match this.desk.ask(Task::Prove(direction), files).await {
                Outcome::Proven(drives) => {
                    request.changes = drives;
                    this.write_ledger(with_agent, request);
                }
                outcome => this.turn(Turn::Told(Err(fault(outcome)), None)),
            }
        });
    }

    fn ledger_request(&self, shipment: &str, changes: Vec<Change>) -> LedgerRequest {
        LedgerRequest {
            name: shipment.to_owned(),
            known: self.state.ledger.known(shipment),
            changes,
        }
    }
}

fn told(file: &[u8]) -> Result<Vec<Shipment>, ApiError> {
    read_exchange(file).map_err(|error| unread(&sentence(&error.to_string())))
}

fn folded(reply: LedgerReply) -> Result<Vec<Shipment>, ApiError> {
    reply.ledger.shipments().map_err(|error| {
        ApiError::new(code::INTERNAL, sentence(&error.to_string()))
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
