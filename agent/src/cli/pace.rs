//! What held up a pass, for people and for scripts.

use serde_json::{Value, json};
use shared::api::Pace;

use super::screen::Screen;
use super::size::show_seconds;

/// Says how long a pass took and what held it up; nothing of one that was over at once.
pub(super) fn show_pace(what: &str, pace: &Pace, screen: &Screen) {
    if let Some(words) = pace.words() {
        let took = show_seconds(pace.millis / 1000);
        screen.line(&format!("    {what} took {took}, {words}"));
    }
}

/// Returns a pass as JSON, with what held it up; null for one that did not happen.
pub(super) fn pace_object(pace: &Pace) -> Value {
    let Some(limit) = pace.limit() else {
        return Value::Null;
    };
    json!({
        "limited_by": limit,
        "limit_bytes_per_second": pace.rate_of(limit),
        "bytes": pace.bytes,
        "files": pace.files,
        "millis": pace.millis,
        "source_millis": pace.source_millis,
        "computer_millis": pace.computer_millis,
        "drive_millis": pace.drive_millis,
        "journals_millis": pace.journals_millis,
        "destination_millis": pace.destination_millis,
    })
}
