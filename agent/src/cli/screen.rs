//! How commands speak: plain lines for people, or one JSON object for scripts.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};

use serde_json::{Value, json};

use crate::jobs::{JobError, Kind};

/// Standard output and standard error. A pipe that somebody closed is no reason to stop: it is
/// never an error.
pub(super) struct Screen {
    json: bool,
}

/// How a command ended: none when all is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended(pub(super) Option<Kind>);

impl Ended {
    /// Everything was done and is true.
    pub(super) const WELL: Self = Self(None);

    /// Returns [`Ended::WELL`], or *incomplete* when something is amiss.
    pub(super) const fn amiss_if(amiss: bool) -> Self {
        Self(if amiss { Some(Kind::Incomplete) } else { None })
    }

    /// Returns the exit code.
    pub(super) fn exit_code(self) -> u8 {
        self.0.map_or(0, Kind::exit_code)
    }
}

impl Screen {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Returns whether only one JSON object may be printed.
    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a line for a person.
    pub(super) fn line(&self, text: &str) {
        if !self.json {
            put(&mut std::io::stdout(), text);
        }
    }

    /// Takes back lines that were printed last, so that others take their place.
    pub(super) fn take_back(&self, lines: usize) {
        if !self.json && lines > 0 {
            // Up by so many, then clear to the end of the screen.
            drop(write!(std::io::stdout(), "\x1b[{lines}A\x1b[J"));
        }
    }

    /// Prints the one object, when one is wanted.
    pub(super) fn object(&self, value: &Value) {
        if self.json {
            put(&mut std::io::stdout(), &value.to_string());
        }
    }

    /// Prints a line on standard error: a warning, progress, what is amiss.
    pub(super) fn aside(&self, text: &str) {
        put(&mut std::io::stderr(), text);
    }

    /// Returns whether a person can answer a question.
    pub(super) fn can_ask(&self) -> bool {
        !self.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Asks a person and returns the answer without its line end.
    pub(super) fn ask(&self, question: &str) -> String {
        let mut error = std::io::stderr();
        drop(write!(error, "{question}").and_then(|()| error.flush()));
        let mut answer = String::new();
        // No answer is an answer that matches nothing.
        drop(std::io::stdin().read_line(&mut answer));
        answer.trim().to_owned()
    }

    /// Says why a command ended early.
    pub(super) fn failed(&self, error: &JobError) -> Ended {
        self.say(error);
        let words = &error.error;
        self.object(&json!({"verdict": "failed", "error": words, "findings": []}));
        Ended(Some(error.kind))
    }

    /// Says what failed, to what, whether the data is safe, and what to do now.
    pub(super) fn say(&self, error: &JobError) {
        let words = &error.error;
        self.aside(&format!("argosy: {}", words.message));
        for (name, text) in [
            ("where", &words.place),
            ("your data", &words.safe),
            ("what now", &words.next),
        ] {
            if !text.is_empty() {
                self.aside(&format!("  {name}: {text}"));
            }
        }
    }
}

/// Writes a line. Names and notes in it may be a stranger's: what would steer the terminal is shown as such.
fn put(out: &mut dyn Write, text: &str) {
    drop(writeln!(out, "{}", harmless(text)));
}

fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if !text.contains(steers) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if steers(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_strangers_name_does_not_steer_the_terminal_and_lines_stay_lines() {
        assert_eq!(harmless("a\u{1b}[2J\u{9b}A\r"), "a\\u{1b}[2J\\u{9b}A\\u{d}");
        assert_eq!(harmless("Ünï\n\tb"), "Ünï\n\tb");
    }
}
