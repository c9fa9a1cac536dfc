//! The question that stands before every erasing, asked anew each time.
//!
//! ```text
//! the page shows plan and drives -> ask(session, job, plan hash) -> question (a token)
//! the person types, within two minutes -> answer(session, job, plan hash, question) -> Jobs::confirm (typed last four)
//! ```
//!
//! An answer counts once, from the session that was asked, for the plan that was shown. So neither a stolen request nor
//! one that lay about, nor another window with another plan, erases a drive. Source: requirement S8.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::session::SessionId;
use super::token::{Token, TokenHash};
use crate::random::NoRandomness;

/// How long a question can be answered.
pub(super) const QUESTION_LIFE: Duration = Duration::from_mins(2);
/// Wrong words after which the question is void.
const TRIES_MAX: u32 = 5;

/// The questions that wait for an answer: one a job at most.
#[derive(Debug, Default)]
pub(super) struct Questions {
    open: Mutex<HashMap<String, Question>>,
}

#[derive(Debug)]
struct Question {
    token: TokenHash,
    session: SessionId,
    plan_hash: String,
    until: Instant,
    tries: u32,
}

/// An answer that does not count. No drive was touched.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum Void {
    /// Never asked, asked of another window, about another plan, or answered before.
    #[error("this question was not asked here, or it was answered before")]
    Unknown,
    /// Older than two minutes.
    #[error("the question was asked more than two minutes ago")]
    Expired,
    /// Wrong too often.
    #[error("the answer was wrong five times")]
    Exhausted,
}

impl Questions {
    /// Asks a session about a job's plan; an earlier question about the job is void from here on.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(super) fn ask(
        &self,
        session: SessionId,
        job: &str,
        plan_hash: &str,
        now: Instant,
    ) -> Result<Token, NoRandomness> {
        let token = Token::new()?;
        let mut open = self.lock();
        open.retain(|_, question| now < question.until);
        if let Some(until) = now.checked_add(QUESTION_LIFE) {
            let question = Question {
                token: token.hash(),
                session,
                plan_hash: plan_hash.to_owned(),
                until,
                tries: 0,
            };
            open.insert(job.to_owned(), question);
        }
        Ok(token)
    }

    /// Takes an answer. The question is gone then, whatever comes of it, unless [`Questions::was_wrong`] puts it back.
    ///
    /// # Errors
    /// [`Void`].
    pub(super) fn answer(
        &self,
        session: SessionId,
        job: &str,
        plan_hash: &str,
        token: &str,
        now: Instant,
    ) -> Result<Answer, Void> {
        let mut open = self.lock();
        let question = open.get(job).ok_or(Void::Unknown)?;
        let known = question.token.equals(&TokenHash::of(token))
            & (question.session == session)
            & (question.plan_hash == plan_hash);
        if !known {
            return Err(Void::Unknown);
        }
        let question = open.remove(job).ok_or(Void::Unknown)?;
        if now >= question.until {
            return Err(Void::Expired);
        }
        if question.tries >= TRIES_MAX {
            return Err(Void::Exhausted);
        }
        let job = job.to_owned();
        Ok(Answer { job, question })
    }

    /// Puts a question back whose answer did not name the drives; it can be answered a few times more.
    pub(super) fn was_wrong(&self, answer: Answer) {
        let mut question = answer.question;
        question.tries = question.tries.saturating_add(1);
        // A newer question about the same job stands.
        self.lock().entry(answer.job).or_insert(question);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Question>> {
        // Nothing that holds the lock can leave it half changed.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that counts; it can be given once.
#[derive(Debug)]
pub(super) struct Answer {
    job: String,
    question: Question,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SessionId = SessionId(1);
    const TWO: SessionId = SessionId(2);

    fn asked() -> (Questions, Token, Instant) {
        let now = Instant::now();
        let questions = Questions::default();
        let token = questions.ask(ONE, "j", "hash", now).expect("random bytes");
        (questions, token, now)
    }

    #[test]
    fn an_answer_counts_once() {
        let (questions, token, now) = asked();
        let answer = |questions: &Questions| {
            questions
                .answer(ONE, "j", "hash", token.as_str(), now)
                .map(drop)
        };
        assert_eq!(answer(&questions), Ok(()));
        assert_eq!(answer(&questions), Err(Void::Unknown));
    }

    #[test]
    fn an_answer_of_another_session_job_plan_or_question_does_not_count() {
        let (questions, token, now) = asked();
        for (session, job, plan, text) in [
            (TWO, "j", "hash", token.as_str()),
            (ONE, "k", "hash", token.as_str()),
            (ONE, "j", "other", token.as_str()),
            (ONE, "j", "hash", "other"),
            (ONE, "j", "hash", ""),
        ] {
            let found = questions.answer(session, job, plan, text, now).map(drop);
            assert_eq!(found, Err(Void::Unknown), "{session:?} {job} {plan} {text}");
        }
        let right = questions.answer(ONE, "j", "hash", token.as_str(), now);
        assert!(right.is_ok(), "a stranger's answer voids nothing");
    }

    #[test]
    fn an_answer_after_two_minutes_does_not_count() {
        let (questions, token, now) = asked();
        let late = questions.answer(ONE, "j", "hash", token.as_str(), now + QUESTION_LIFE);
        assert_eq!(late.map(drop), Err(Void::Expired));
    }

    #[test]
    fn five_wrong_words_void_the_question() {
        let (questions, token, now) = asked();
        for _ in 0..5 {
            let answer = questions.answer(ONE, "j", "hash", token.as_str(), now);
            questions.was_wrong(answer.expect("it counts"));
        }
        let sixth = questions.answer(ONE, "j", "hash", token.as_str(), now);
        assert_eq!(sixth.map(drop), Err(Void::Exhausted));
    }

    #[test]
    fn a_new_question_voids_the_one_before() {
        let (questions, old, now) = asked();
        let new = questions.ask(ONE, "j", "hash", now).expect("random bytes");
        let before = questions.answer(ONE, "j", "hash", old.as_str(), now);
        assert_eq!(before.map(drop), Err(Void::Unknown));
        assert!(
            questions
                .answer(ONE, "j", "hash", new.as_str(), now)
                .is_ok()
        );
    }
}
