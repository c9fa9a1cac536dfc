//! Server-sent events: what the agent tells by itself, until the page goes or the agent ends.

use std::convert::Infallible;
use std::time::Duration;

use futures::{Stream, StreamExt};
use shared::api::Event;
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::BroadcastStream;
use warp::reply::{Reply, Response};
use warp::sse;

use super::reply;

/// A comment keeps the connection open when nothing happens, and shows the page that the agent is there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Returns the endless answer. A page that is too slow misses events and sees it by the gap in their numbers.
pub(super) fn stream(
    events: broadcast::Receiver<Event>,
    ending: watch::Receiver<bool>,
) -> Response {
    let keep_alive = sse::keep_alive().interval(KEEP_ALIVE);
    let events = keep_alive.stream(until(ending, events));
    reply::secured(sse::reply(events).into_response(), "no-store")
}

fn until(
    mut ending: watch::Receiver<bool>,
    events: broadcast::Receiver<Event>,
) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    let ended = async move {
        // An error means that the agent is gone, which is an end too.
        let _ = ending.wait_for(|ended| *ended).await;
    };
    let first = futures::stream::iter([Ok(sse::Event::default().comment("connected"))]);
    let rest = BroadcastStream::new(events)
        .filter_map(|event| async move { event.ok().as_ref().and_then(as_sse).map(Ok) });
    first.chain(rest).take_until(ended)
}

fn as_sse(event: &Event) -> Option<sse::Event> {
    sse::Event::default()
        .id(event.number.to_string())
        .json_data(event)
        .ok()
}
