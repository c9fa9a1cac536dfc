//! Jobs of the agent: planned, asked about, confirmed, stopped, gone on with.
//!
//! How a job stands after that comes with the agent's events alone, in one order. The snapshot in an answer may come in
//! after news that it does not have, and would take them back.

use std::rc::Rc;

use shared::api::{
    ApiError, ConfirmRequest, QuestionReply, ReplaceRequest, StartReply, StartRequest, code,
};

use super::Effects;
use crate::state::{Action, Question, Resume, Start};

impl Effects {
    /// Has the agent plan a job; what it answers is for the person to read.
    pub fn start(&self, request: StartRequest) {
        self.act(Action::Start(Start::Planning));
        self.spawn(|this| async move {
            let start = match this.client.start(&request).await {
                Ok(reply) if reply.job.is_none() => Start::Differs(Rc::new(reply)),
                Ok(reply) => this.asked(Rc::new(reply), None).await,
                Err(error) => Start::Failed(error),
            };
            this.act(Action::Start(start));
        });
    }

    /// Has the agent plan the files of a drive of a job that stopped onto a spare; the person reads and types next.
    pub fn replace(&self, job: String, request: ReplaceRequest) {
        self.act(Action::Start(Start::Planning));
        self.act(Action::Resume(job.clone(), None));
        self.spawn(|this| async move {
            match this.client.replace(&job, &request).await {
                Ok(reply) => {
                    let start = this.asked(Rc::new(reply), None).await;
                    this.act(Action::Start(start));
                }
                Err(error) => {
                    this.act(Action::Start(Start::Idle));
                    this.act(Action::Resume(job, Some(Resume::Refused(error))));
                }
            }
        });
    }

    /// Has the agent ask before a plan's drives are erased; the person reads and types next.
    async fn asked(&self, reply: Rc<StartReply>, refused: Option<ApiError>) -> Start {
        let job = reply.job.clone().unwrap_or_default();
        match self.client.question(&job, &reply.plan_hash).await {
            Ok(asked) => review(reply, question(asked, None), refused, false),
            Err(error) => Start::Failed(error),
        }
    }

    /// Asks once more, so that there is time again; what was typed stays.
    pub fn extend(&self, reply: Rc<StartReply>, old: Question) {
        self.spawn(|this| async move {
            let job = reply.job.clone().unwrap_or_default();
            let start = match this.client.question(&job, &reply.plan_hash).await {
                Ok(asked) => review(reply, question(asked, Some(old)), None, false),
                Err(error) => review(reply, old, Some(error), false),
            };
            this.act(Action::Start(start));
        });
    }

    /// Sends the words that were typed. From here on drives are erased.
    pub fn confirm(
        &self,
        reply: Rc<StartReply>,
        question: Question,
        words: ConfirmRequest,
        done: impl FnOnce() + 'static,
    ) {
        let Some(job) = reply.job.clone() else {
            return;
        };
        self.act(Action::Start(review(
            Rc::clone(&reply),
            question.clone(),
            None,
            true,
        )));
        self.spawn(|this| async move {
            match this.client.confirm(&job, &words).await {
                Ok(_) => {
                    this.act(Action::Start(Start::Idle));
                    this.act(Action::Say("The drives are being filled.".to_owned()));
                    done();
                }
                Err(error) if error.code == code::QUESTION_VOID => {
                    let start = this.asked(reply, Some(error)).await;
                    this.act(Action::Start(start));
                }
                Err(error) => {
                    this.act(Action::Start(review(reply, question, Some(error), false)));
                }
            }
        });
    }

    /// Leaves a job that waits for its confirmation: the agent drops it, nothing was touched.
    pub fn dismiss(&self, reply: &StartReply) {
        self.act(Action::Start(Start::Idle));
        if let Some(job) = reply.job.clone() {
            self.cancel(job);
        }
    }

    /// Stops a job.
    pub fn cancel(&self, job: String) {
        self.spawn(|this| async move {
            if let Err(error) = this.client.cancel(&job).await {
                this.act(Action::Trouble(Some(error)));
            }
        });
    }

    /// Goes on with a job that stopped before its end; `done` once it is at work.
    pub fn resume(&self, job: String, done: impl FnOnce() + 'static) {
        self.act(Action::Resume(job.clone(), Some(Resume::Asked)));
        self.spawn(|this| async move {
            match this.client.resume(&job).await {
                Ok(_) => {
                    this.act(Action::Resume(job, None));
                    this.act(Action::Say("The run goes on where it stopped.".to_owned()));
                    done();
                }
                Err(error) => this.act(Action::Resume(job, Some(Resume::Refused(error)))),
            }
        });
    }
}

/// Returns a question as the page holds it; with the one whose time it extends, when there is one.
fn question(asked: QuestionReply, old: Option<Question>) -> Question {
    Question {
        first: old.map_or_else(|| asked.question.clone(), |old| old.first),
        token: asked.question,
        seconds: asked.seconds,
    }
}

const fn review(
    reply: Rc<StartReply>,
    question: Question,
    refused: Option<ApiError>,
    sending: bool,
) -> Start {
    Start::Review {
        reply,
        question,
        refused,
        sending,
    }
}
