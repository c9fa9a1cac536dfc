//! The agent: found, followed, and looked for again when it went away.

use futures::StreamExt;
use futures::channel::mpsc;
use gloo::timers::future::TimeoutFuture;
use shared::api::{ApiError, code};

use super::Effects;
use crate::client::{Client, Events, NO_AGENT};
use crate::state::{Action, Link};

/// Pauses between tries to reach an agent that went away.
const RETRY_MS: [u32; 4] = [500, 1_000, 2_000, 5_000];

impl Effects {
    /// Finds out whether there is an agent, and follows it for as long as the page is open.
    pub fn connect(&self) {
        self.spawn(|this| async move {
            this.desk.open().await;
            let protocol = gloo::utils::window().location().protocol();
            if !protocol.is_ok_and(|protocol| protocol.starts_with("http")) {
                this.act(Action::Link(Link::Absent));
                return;
            }
            if let Some(token) = Client::take_launch_token()
                && let Err(error) = this.client.open_session(token).await
                && error.code != NO_AGENT
            {
                this.act(Action::Trouble(Some(error)));
            }
            if this.client.has_session() {
                this.follow().await;
            } else {
                // Who is served from this machine has an agent; anybody else's server is none.
                let link = if Client::is_loopback() {
                    Link::Locked
                } else {
                    Link::Absent
                };
                this.act(Action::Link(link));
            }
        });
    }

    async fn follow(&self) {
        let mut failures: usize = 0;
        loop {
            match self.listen().await {
                Ok(events) => {
                    failures = 0;
                    self.act(Action::Creator(Client::creator()));
                    self.act(Action::Code(Client::code()));
                    self.act(Action::Link(Link::Connected));
                    self.refresh_drives();
                    self.follow_events(events).await;
                    self.act(Action::Link(Link::Lost));
                }
                Err(error) if error.code == code::NO_SESSION => {
                    self.client.forget_session();
                    self.act(Action::Link(Link::Locked));
                    return;
                }
                Err(error) => {
                    self.act(Action::Link(Link::Lost));
                    if failures == 0 && error.code != NO_AGENT {
                        self.act(Action::Trouble(Some(error)));
                    }
                }
            }
            let pause = RETRY_MS.get(failures).or(RETRY_MS.last()).copied();
            failures = failures.saturating_add(1);
            TimeoutFuture::new(pause.unwrap_or(5_000)).await;
        }
    }

    /// Listens to the agent, and only then asks how its jobs stand: what happens in between is told.
    async fn listen(&self) -> Result<Events, ApiError> {
        let events = self.client.events().await?;
        match self.client.jobs().await {
            Ok(reply) => {
                self.act(Action::Jobs(reply.jobs));
                self.refresh_receiving().await;
                Ok(events)
            }
            Err(error) => {
                events.stop().await;
                Err(error)
            }
        }
    }

    async fn follow_events(&self, told: Events) {
        let (sender, mut events) = mpsc::unbounded();
        let reading = async {
            // Why it ended does not matter: the next question to the agent tells.
            told.pass_on(&sender).await;
            sender.close_channel();
        };
        let telling = async {
            let mut last = None;
            while let Some(event) = events.next().await {
                let expected = last.map(|number: u64| number.saturating_add(1));
                if expected.is_some_and(|expected| expected != event.number) {
                    self.refresh_jobs().await;
                    self.refresh_receiving().await;
                }
                last = Some(event.number);
                if event.news == shared::api::News::DrivesChanged {
                    self.refresh_drives();
                }
                self.act(Action::Event(Box::new(event)));
            }
        };
        futures::future::join(reading, telling).await;
    }

    async fn refresh_jobs(&self) {
        if let Ok(reply) = self.client.jobs().await {
            self.act(Action::Jobs(reply.jobs));
        }
    }

    /// Looks at the drives again. A later look makes an earlier one void.
    pub fn refresh_drives(&self) {
        let number = self.looks.next();
        self.act(Action::LookAtDrives);
        self.spawn(|this| async move {
            let drives = this.client.drives().await.map(|reply| reply.drives);
            if this.looks.is(number) {
                this.act(Action::DrivesSeen(drives));
            }
        });
    }
}
