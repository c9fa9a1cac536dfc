//! Who may speak: one-time launch tokens, and the sessions that they are exchanged for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::lockout::Lockout;
use super::token::{Token, TokenHash, hex};
use crate::random::{self, NoRandomness};

/// How long a launch token can be exchanged.
pub const LAUNCH_LIFE: Duration = Duration::from_mins(1);
/// Codes of six digits.
const CODES: u64 = 1_000_000;
/// Sessions held at once; one more ends the oldest.
const SESSIONS_MAX: usize = 32;

/// All sessions of one running agent. Keeps hashes of tokens, never the tokens.
#[derive(Debug)]
pub struct Sessions {
    cookie_name: String,
    code: String,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    launch: Option<Launch>,
    sessions: Vec<Session>,
    opened: u64,
    launch_failures: Lockout,
    session_failures: Lockout,
}

#[derive(Debug)]
struct Launch {
    hash: TokenHash,
    until: Instant,
}

#[derive(Debug)]
struct Session {
    id: SessionId,
    cookie: TokenHash,
    header: TokenHash,
}

/// Which session speaks. No secret, and never used again by this agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionId(pub(super) u64);

/// The two halves of a new session. Neither is enough alone: another server on this machine sees the cookie, because
/// cookies do not know ports, and a script that learns the header token has no cookie.
#[derive(Debug)]
pub(super) struct NewSession {
    /// Value of the cookie.
    pub(super) cookie: Token,
    /// Value of the header.
    pub(super) header: Token,
}

/// A launch token that was not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(super) enum ExchangeError {
    /// Never given out, used before, or too old.
    #[error("this address was used before or is older than a minute")]
    Unknown,
    /// Too many wrong ones.
    #[error("too many wrong tokens; none is taken for a minute")]
    LockedOut,
    /// No new token could be made.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// A request without a session.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum Unknown {
    /// Cookie or header token are missing or wrong.
    #[error("this page has no session with the agent")]
    NoSession,
    /// Too many wrong ones. Right ones are still taken.
    #[error("too many wrong tokens; only known sessions are heard for a minute")]
    LockedOut,
}

impl Sessions {
    /// Returns no sessions and no launch token.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn new() -> Result<Self, NoRandomness> {
        let (mut tag, mut code) = ([0; 4], [0; 8]);
        random::fill(&mut tag)?;
        random::fill(&mut code)?;
        // Of 2^64 numbers a million is so small a part that no code is likelier than another.
        let code = u64::from_le_bytes(code).checked_rem(CODES).unwrap_or(0);
        Ok(Self {
            // Two agents on one machine share their cookies, so each has a name of its own.
            cookie_name: format!("argosy-{}", hex(&tag).as_str()),
            code: format!("{code:06}"),
            inner: Mutex::default(),
        })
    }

    /// Returns the six digits that the agent prints and its page shows. They open nothing: who compares them knows that
    /// the page is this agent's.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns the name of this agent's cookie.
    pub(super) fn cookie_name(&self) -> &str {
        &self.cookie_name
    }

    /// Makes a launch token at `now`: it opens one session, once, within a minute. It travels in the fragment of the
    /// printed address, which no browser sends to a server. An earlier one that was not used is void from here on.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn launch(&self, now: Instant) -> Result<Token, NoRandomness> {
        let token = Token::new()?;
        let mut inner = self.lock();
        inner.launch = now.checked_add(LAUNCH_LIFE).map(|until| Launch {
            hash: token.hash(),
            until,
        });
        Ok(token)
    }

    /// Takes a launch token for a session; it is void afterwards.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub(super) fn exchange(&self, token: &str, now: Instant) -> Result<NewSession, ExchangeError> {
        let mut inner = self.lock();
        if inner.launch_failures.closed(now) {
            return Err(ExchangeError::LockedOut);
        }
        let given = TokenHash::of(token);
        let known = inner
            .launch
            .as_ref()
            .is_some_and(|launch| launch.hash.equals(&given) && now < launch.until);
        if !known {
            inner.launch_failures.failed(now);
            return Err(ExchangeError::Unknown);
        }
        let new = NewSession {
            cookie: Token::new()?,
            header: Token::new()?,
        };
        inner.launch = None;
        inner.launch_failures.succeeded();
        if inner.sessions.len() >= SESSIONS_MAX {
            inner.sessions.remove(0);
        }
        inner.opened = inner.opened.saturating_add(1);
        let id = SessionId(inner.opened);
        inner.sessions.push(Session {
            id,
            cookie: new.cookie.hash(),
            header: new.header.hash(),
        });
        Ok(new)
    }

    /// Returns the session that `cookie` and `header` both belong to.
    ///
    /// # Errors
    /// [`Unknown`]. Ten wrong answers change only what a wrong one is told: nobody can lock a known session out.
    pub(super) fn admit(
        &self,
        cookie: Option<&str>,
        header: Option<&str>,
        now: Instant,
    ) -> Result<SessionId, Unknown> {
        let mut inner = self.lock();
        let given = (
            TokenHash::of(cookie.unwrap_or_default()),
            TokenHash::of(header.unwrap_or_default()),
        );
        // No early end: every session is compared, both halves each.
        let known = inner.sessions.iter().fold(None, |known, session| {
            let is_it = session.cookie.equals(&given.0) & session.header.equals(&given.1);
            if is_it { Some(session.id) } else { known }
        });
        if let Some(id) = known {
            return Ok(id);
        }
        if inner.session_failures.closed(now) {
            return Err(Unknown::LockedOut);
        }
        // A page opened without the printed address asks without any token; that is no guess.
        if header.is_some() {
            inner.session_failures.failed(now);
        }
        Err(Unknown::NoSession)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that holds the lock can leave it half changed.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> (Sessions, NewSession, Instant) {
        let now = Instant::now();
        let sessions = Sessions::new().expect("random bytes");
        let token = sessions.launch(now).expect("random bytes");
        let new = sessions.exchange(token.as_str(), now).expect("fresh token");
        (sessions, new, now)
    }

    #[test]
    fn a_launch_token_works_once() {
        let now = Instant::now();
        let sessions = Sessions::new().expect("random bytes");
        let token = sessions.launch(now).expect("random bytes");
        assert!(sessions.exchange(token.as_str(), now).is_ok());
        let again = sessions.exchange(token.as_str(), now);
        assert!(matches!(again, Err(ExchangeError::Unknown)));
    }

    #[test]
    fn a_launch_token_ends_after_a_minute() {
        let now = Instant::now();
        let sessions = Sessions::new().expect("random bytes");
        let token = sessions.launch(now).expect("random bytes");
        let late = sessions.exchange(token.as_str(), now + LAUNCH_LIFE);
        assert!(matches!(late, Err(ExchangeError::Unknown)));
    }

    #[test]
    fn a_new_launch_token_voids_the_one_before() {
        let now = Instant::now();
        let sessions = Sessions::new().expect("random bytes");
        let old = sessions.launch(now).expect("random bytes");
        let new = sessions.launch(now).expect("random bytes");
        assert!(sessions.exchange(old.as_str(), now).is_err());
        assert!(sessions.exchange(new.as_str(), now).is_ok());
    }

    #[test]
    fn ten_wrong_launch_tokens_lock_even_the_right_one_out_for_a_minute() {
        let now = Instant::now();
        let sessions = Sessions::new().expect("random bytes");
        for _ in 0..10 {
            assert!(sessions.exchange("wrong", now).is_err());
        }
        let token = sessions.launch(now).expect("random bytes");
        let right = sessions.exchange(token.as_str(), now);
        assert!(matches!(right, Err(ExchangeError::LockedOut)));
        let later = now + Duration::from_secs(61);
        let token = sessions.launch(later).expect("random bytes");
        assert!(sessions.exchange(token.as_str(), later).is_ok());
    }

    #[test]
    fn a_session_needs_both_of_its_halves() {
        let (sessions, new, now) = opened();
        let (cookie, header) = (Some(new.cookie.as_str()), Some(new.header.as_str()));
        assert_eq!(sessions.admit(cookie, header, now), Ok(SessionId(1)));
        for (cookie, header) in [
            (cookie, None),
            (None, header),
            (None, None),
            (header, cookie),
            (cookie, Some("")),
            (Some(""), Some("")),
        ] {
            let denied = sessions.admit(cookie, header, now);
            assert_eq!(denied, Err(Unknown::NoSession), "{cookie:?} {header:?}");
        }
    }

    #[test]
    fn halves_of_two_sessions_do_not_add_up() {
        let (sessions, first, now) = opened();
        let token = sessions.launch(now).expect("random bytes");
        let second = sessions.exchange(token.as_str(), now).expect("fresh");
        let mixed = sessions.admit(
            Some(first.cookie.as_str()),
            Some(second.header.as_str()),
            now,
        );
        assert_eq!(mixed, Err(Unknown::NoSession));
    }

    #[test]
    fn wrong_header_tokens_lock_out_guesses_but_not_the_session() {
        let (sessions, new, now) = opened();
        for _ in 0..10 {
            assert!(
                sessions
                    .admit(Some(new.cookie.as_str()), Some("guess"), now)
                    .is_err()
            );
        }
        assert_eq!(
            sessions.admit(Some(new.cookie.as_str()), Some("guess"), now),
            Err(Unknown::LockedOut)
        );
        assert_eq!(
            sessions.admit(Some(new.cookie.as_str()), Some(new.header.as_str()), now),
            Ok(SessionId(1))
        );
    }

    #[test]
    fn one_session_too_many_ends_the_oldest() {
        let (sessions, first, now) = opened();
        for _ in 0..SESSIONS_MAX {
            let token = sessions.launch(now).expect("random bytes");
            sessions.exchange(token.as_str(), now).expect("fresh");
        }
        assert!(
            sessions
                .admit(
                    Some(first.cookie.as_str()),
                    Some(first.header.as_str()),
                    now
                )
                .is_err()
        );
    }
}
