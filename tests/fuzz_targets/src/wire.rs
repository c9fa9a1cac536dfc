//! What comes over HTTP: every request's body, and the listing in a reply, which the page plans from.

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::api::{
    ConfirmRequest, Event, FoldersRequest, JobsReply, ReceiveRequest, ScanRequest, SessionRequest,
    StartRequest, read_scan_file,
};
use shared::plan::{Columns, Listing, read_columns};

/// The first byte says which type, the rest is JSON, or a scan.
pub(crate) fn api(input: &[u8]) {
    let Some((kind, json)) = input.split_first() else {
        return;
    };
    match kind % 10 {
        0 => same_again::<StartRequest>(json),
        1 => same_again::<ConfirmRequest>(json),
        2 => same_again::<ScanRequest>(json),
        3 => same_again::<FoldersRequest>(json),
        4 => same_again::<SessionRequest>(json),
        5 => same_again::<Event>(json),
        6 => same_again::<JobsReply>(json),
        7 => {
            if let Ok((_, Some(listing))) = read_scan_file(&json) {
                go_through(&listing);
            }
        }
        8 => {
            if let Ok(listing) = read_columns(&json, 0) {
                go_through(&listing);
            }
        }
        _ => same_again::<ReceiveRequest>(json),
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

/// Every path stays below the source, and the same listing is written again.
fn go_through(listing: &Listing) {
    for (_, entry) in listing.iter() {
        assert_ne!(entry.path.parts().next(), Some(""));
    }
    let written: Vec<u8> = Columns::new(listing).flatten().collect();
    assert!(read_columns(&written, 0).is_ok_and(|again| again.len() == listing.len()));
}
