//! The ledger of shipments, as the page reads it and writes into it.

use serde_json::{Value, json};
use shared::api::paths;
use warp::http::StatusCode;

use super::tests::{Answer, World, body, code};

async fn written(
    world: &World,
    session: &(String, String),
    name: &str,
    known: u64,
    changes: Value,
) -> Answer {
    let content = json!({"name": name, "known": known, "changes": changes});
    world
        .ask(session, "POST", paths::LEDGER, Some(content))
        .await
}

#[tokio::test]
async fn the_ledger_takes_what_may_follow_says_why_it_does_not_take_the_rest_and_another_site_s_file()
 {
    let world = World::new();
    let session = world.session().await;
    let write = async |name: &str, known: u64, changes: Value| {
        written(&world, &session, name, known, changes).await
    };
    let opening = json!([{"what": "opened", "direction": "export", "service": "own"}]);
    let answer = write("reel-1", 0, opening.clone()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = write("reel-1", 0, opening).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let packaging = json!([{"what": "note", "text": "x"}, {"what": "moved", "to": "packaging"}]);
    let answer = write("reel-1", 1, packaging).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let message = body(&answer)["message"].to_string();
    assert!(message.contains("only shipping or canceled"), "{message}");
    let note = json!([{"what": "note", "text": "x"}]);
    let answer = write("reel-2", 0, note).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);

    let answer = world.ask(&session, "GET", paths::LEDGER, None).await;
    let told = body(&answer)["ledger"].clone();
    let entries = &told["shipments"][0]["entries"];
    assert_eq!(entries.as_array().map(Vec::len), Some(1), "{told}");
    let mut theirs = told.clone();
    theirs["shipments"][0]["name"] = json!("reel-3");
    let import = |file: String| {
        let content = Some(json!({ "file": file }));
        world.ask(&session, "POST", paths::LEDGER_IMPORT, content)
    };
    let answer = import(theirs.to_string()).await;
    let all = body(&answer)["ledger"]["shipments"].clone();
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
    let answer = import("{}".to_owned()).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_fact_that_is_sent_twice_or_beside_another_is_written_down_once() {
    let world = World::new();
    let session = world.session().await;
    let opening = json!([{"what": "opened", "direction": "export", "service": "own"}]);
    written(&world, &session, "reel-1", 0, opening).await;
    let note = json!([{"what": "note", "text": "packed"}]);
    // The page lost the first answer, and asks again.
    let answer = written(&world, &session, "reel-1", 1, note.clone()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = written(&world, &session, "reel-1", 1, note.clone()).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert_eq!(code(&answer), "wrong-state");
    let answer = written(&world, &session, "reel-1", 2, note).await;
    let entries = body(&answer)["ledger"]["shipments"][0]["entries"].clone();
    assert_eq!(entries.as_array().map(Vec::len), Some(3), "{entries}");
}
