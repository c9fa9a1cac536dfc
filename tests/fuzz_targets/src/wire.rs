//! What comes over HTTP: every request's body, and the listing in a reply, which the page plans from.

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::api::{
    ConfirmRequest, Event, FoldersRequest, JobsReply, ScanReply, ScanRequest, SessionRequest,
    StartRequest, WireListing,
};

/// The first byte says which type, the rest is JSON.
pub(crate) fn api(input: &[u8]) {
    let Some((kind, json)) = input.split_first() else {
        return;
    };
    match kind % 9 {
        0 => same_again::<StartRequest>(json),
        1 => same_again::<ConfirmRequest>(json),
        2 => same_again::<ScanRequest>(json),
        3 => same_again::<FoldersRequest>(json),
        4 => same_again::<SessionRequest>(json),
        5 => same_again::<Event>(json),
        6 => same_again::<JobsReply>(json),
        7 => {
            if let Ok(reply) = serde_json::from_slice::<ScanReply>(json) {
                reply.listing.iter().for_each(go_through);
            }
        }
        _ => {
            if let Ok(listing) = serde_json::from_slice::<WireListing>(json) {
                go_through(&listing);
            }
        }
    }
}

/// What is read is written, and read again, to the same bytes.
fn same_again<T: DeserializeOwned + Serialize>(json: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(json) else {
        return;
    };
    let written = serde_json::to_vec(&read).expect("plain data");
    let again: T = serde_json::from_slice(&written).expect("our own writer's JSON");
    assert!(serde_json::to_vec(&again).is_ok_and(|twice| twice == written));
}

/// Every path handed out stays below the source.
fn go_through(listing: &WireListing) {
    let mut entries = 0_usize;
    _ = listing.for_each(|entry| {
        entries = entries.saturating_add(1);
        assert!(!entry.path.starts_with('/') && !entry.path.is_empty());
    });
    assert!(entries <= listing.file_count().saturating_add(listing.folder_count()));
}
