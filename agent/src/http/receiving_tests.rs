//! Drives that came back, as the page has them copied home.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::api::{News, paths};
use warp::http::StatusCode;

use super::tests::{Answer, World, body, code, start_request};

const SERIAL: &str = "WD-TEST4411";

/// A world whose drive was filled, and its key.
struct Filled {
    world: World,
    session: (String, String),
    password: String,
}

impl Filled {
    async fn new() -> Self {
        let world = World::new();
        let session = world.session().await;
        let job = confirmed(&world, &session, "reels-1").await;
        let (jobs, waited) = (world.agent.jobs.clone(), job.clone());
        let ended = tokio::task::spawn_blocking(move || jobs.wait(&waited)).await;
        assert!(ended.expect("ended").is_some());
        let key = paths::key(&job, SERIAL);
        let key = body(&world.ask(&session, "POST", &key, None).await);
        let password = key["recovery_password"].as_str().expect("text").to_owned();
        Self {
            world,
            session,
            password,
        }
    }

    async fn receive(&self, keys: &str, to: &str, more: &Value) -> Answer {
        let request = request(&self.world, keys, to, more);
        let asked = self
            .world
            .ask(&self.session, "POST", paths::RECEIVE, Some(request));
        asked.await
    }

    async fn standing(&self) -> Value {
        let asked = self.world.ask(&self.session, "GET", paths::RECEIVE, None);
        body(&asked.await)
    }

    /// Waits for the end.
    async fn ended(&self) -> Value {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let standing = self.standing().await;
            if standing["is"] == "ended" {
                return standing;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it does not end: {}", self.standing().await)
    }

    fn path(&self, name: &str) -> String {
        let path = self.world.folder.path().join(name);
        path.to_str().expect("text").to_owned()
    }
}

fn request(world: &World, keys: &str, to: &str, more: &Value) -> Value {
    let drive = world.agent.drives[0].to_str().expect("text");
    let mut request = json!({
        "drives": [{"path": drive, "serial": SERIAL}], "keys": keys, "to": to,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    request
}

/// Has a job planned and asked about; returns its id, and what confirms it.
async fn asked_about(
    world: &World,
    session: &(String, String),
    name: &str,
    more: &Value,
) -> (String, Value) {
    let drive = world.agent.drives[0].to_str().expect("text").to_owned();
    let mut start = start_request(world, &drive);
    start["session"] = json!(name);
    for (name, value) in more.as_object().into_iter().flatten() {
        start["drives"][0][name] = value.clone();
    }
    let started = body(&world.ask(session, "POST", paths::JOBS, Some(start)).await);
    let job = started["job"].as_str();
    let job = job.unwrap_or_else(|| panic!("{started}")).to_owned();
    let hash = &started["plan_hash"];
    let shown = json!({"plan_hash": hash});
    let asked = world
        .ask(session, "POST", &paths::question(&job), Some(shown))
        .await;
    let question = body(&asked)["question"].clone();
    let drives = json!([{"serial": SERIAL, "typed": "4411"}]);
    let words = json!({"question": question, "plan_hash": hash, "drives": drives});
    (job, words)
}

async fn confirmed(world: &World, session: &(String, String), name: &str) -> String {
    let (job, words) = asked_about(world, session, name, &json!({})).await;
    let confirm = paths::confirm(&job);
    let answer = world.ask(session, "POST", &confirm, Some(words)).await;
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.body());
    job
}

/// Recovery passwords that open nothing: each is tried, which takes a while.
fn wrong_keys(count: u32) -> String {
    let keys = (1..=count).map(|number| {
        let group = format!("{:06}", number.checked_mul(11).expect("small"));
        format!("{}\n", [group.as_str(); 8].join("-"))
    });
    keys.collect()
}

#[tokio::test]
async fn what_cannot_be_received_is_refused_before_any_drive_is_opened() {
    let world = World::new();
    let session = world.session().await;
    let stray = world.folder.path().join("stray.img");
    std::fs::write(&stray, vec![0; 1 << 20]).expect("a file");
    let drive = world.agent.drives[0].to_str().expect("text");
    let named = |path: &str, serial: &str| json!({"drives": [{"path": path, "serial": serial}]});
    let key = wrong_keys(1);
    let key = key.as_str();
    let to = world.folder.path().join("home");
    let to = to.to_str().expect("text");
    for (keys, to, more, expected, words) in [
        (key, to, json!({"drives": []}), "bad-request", "No drive"),
        (key, "home", json!({}), "bad-request", "not a whole path"),
        (key, "", json!({}), "bad-request", "not a whole path"),
        ("", to, json!({}), "bad-request", "there is no key in it"),
        ("{\"value\":[{]}", to, json!({}), "bad-request", "damaged"),
        (
            key,
            to,
            named(stray.to_str().expect("text"), ""),
            "not-found",
            "not there",
        ),
        (
            key,
            to,
            named(drive, "WD-OTHER4411"),
            "not-found",
            "not there",
        ),
        (
            key,
            to,
            json!({"force": true}),
            "bad-request",
            "not what this path takes",
        ),
        (
            key,
            to,
            json!({"names": "any"}),
            "bad-request",
            "not what this path takes",
        ),
    ] {
        let request = request(&world, keys, to, &more);
        let answer = world
            .ask(&session, "POST", paths::RECEIVE, Some(request))
            .await;
        assert_eq!(code(&answer), expected, "{words}: {:?}", answer.body());
        let said = body(&answer).to_string();
        assert!(said.contains(words), "{words}: {said}");
        assert!(!said.contains("000011-"), "a key is told: {said}");
    }
    let twice = json!({"drives": [{"path": drive}, {"path": drive}]});
    let request = request(&world, key, to, &twice);
    let answer = world
        .ask(&session, "POST", paths::RECEIVE, Some(request))
        .await;
    assert_eq!(code(&answer), "bad-request", "{:?}", answer.body());
    assert!(body(&answer).to_string().contains("two drives are called"));
    let standing = world.ask(&session, "GET", paths::RECEIVE, None).await;
    assert_eq!(body(&standing), json!({"is": "nothing"}));
    let cancel = world
        .ask(&session, "POST", paths::RECEIVE_CANCEL, None)
        .await;
    assert_eq!(cancel.status(), StatusCode::CONFLICT);
    assert_eq!(code(&cancel), "wrong-state");
    assert!(!std::path::Path::new(to).exists(), "a folder was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_comes_home_verified_with_a_report_and_once_more_as_it_was_called() {
    let filled = Filled::new().await;
    let (home, keys) = (
        filled.path("home"),
        format!("{SERIAL} {}\n", filled.password),
    );
    let looked = filled
        .receive(&keys, &home, &json!({"dry_run": true}))
        .await;
    assert_eq!(looked.status(), StatusCode::OK, "{:?}", looked.body());
    assert_eq!(body(&looked)["is"], "running");
    let ended = filled.ended().await;
    assert_eq!(ended["verdict"], "planned", "{ended}");
    assert!(!std::path::Path::new(&home).exists(), "it only looked");

    let mut events = filled.world.agent.jobs.subscribe();
    let begun = filled.receive(&keys, &home, &json!({})).await;
    assert_eq!(begun.status(), StatusCode::OK, "{:?}", begun.body());
    let ended = filled.ended().await;
    assert_eq!(ended["verdict"], "verified", "{ended}");
    assert_eq!(
        ended["drives"][0]["key"],
        json!({"number": 1, "serial": SERIAL})
    );
    assert!(
        !ended.to_string().contains(&filled.password[..13]),
        "a key is told"
    );
    let clip = std::fs::read(format!("{home}/film/a/clip.mov")).expect("home");
    assert_eq!(clip, vec![7; 100_000]);
    loop {
        let News::Receiving { state } = events.recv().await.expect("told").news else {
            continue;
        };
        if let shared::api::Receiving::Ended(end) = state {
            assert_eq!(json!(end.sentence), ended["sentence"]);
            break;
        }
    }
    let id = ended["report"]["id"].as_str().expect("kept");
    let report = paths::receive_report(id);
    let rows = filled
        .world
        .ask(&filled.session, "GET", &report, None)
        .await;
    let rows = String::from_utf8_lossy(rows.body()).into_owned();
    assert!(rows.starts_with("drive,status,file,blob,place,"), "{rows}");
    assert!(rows.contains(&format!(
        "{SERIAL},verified,\\reels-1\\a\\clip.mov,film/a/clip.mov,"
    )));

    let other = filled.path("other");
    let names = json!({"names": "drive"});
    let begun = filled.receive(&keys, &other, &names).await;
    assert_eq!(begun.status(), StatusCode::OK, "{:?}", begun.body());
    assert_eq!(filled.ended().await["verdict"], "verified");
    assert!(std::fs::exists(format!("{other}/reels-1/a/clip.mov")).expect("readable"));
    let gone = filled
        .world
        .ask(&filled.session, "GET", &report, None)
        .await;
    assert_eq!(code(&gone), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_which_stops_when_it_is_told_to_and_no_drive_of_it_is_erased() {
    let filled = Filled::new().await;
    let home = filled.path("home");
    let more = json!({"free_space": "keep"});
    let long = filled.world.folder.path().join("source/a/long.mov");
    std::fs::write(long, vec![9; 30 << 20]).expect("a file");
    let (job, words) = asked_about(&filled.world, &filled.session, "reels-2", &more).await;
    // So many that it is still at them when the last line here is reached.
    let keys = wrong_keys(400);
    let begun = filled.receive(&keys, &home, &json!({})).await;
    assert_eq!(begun.status(), StatusCode::OK, "{:?}", begun.body());
    let second = filled.receive(&keys, &home, &json!({})).await;
    assert_eq!(second.status(), StatusCode::CONFLICT);
    assert_eq!(code(&second), "wrong-state");
    let confirm = paths::confirm(&job);
    let erase = filled
        .world
        .ask(&filled.session, "POST", &confirm, Some(words.clone()))
        .await;
    assert_eq!(code(&erase), "refused", "{:?}", erase.body());
    let resume = paths::resume(&job);
    let resume = filled
        .world
        .ask(&filled.session, "POST", &resume, None)
        .await;
    let said = body(&resume).to_string();
    assert!(said.contains("is being copied home"), "{said}");
    assert!(filled.world.agent.homecoming.is_busy());
    assert_eq!(filled.standing().await["is"], "running");
    let stopped = Instant::now();
    let cancel = filled
        .world
        .ask(&filled.session, "POST", paths::RECEIVE_CANCEL, None)
        .await;
    assert_eq!(body(&cancel)["is_stopping"], true, "{:?}", cancel.body());
    let ended = filled.ended().await;
    assert!(
        stopped.elapsed() < Duration::from_secs(20),
        "it tried all keys"
    );
    assert_eq!(
        (&ended["verdict"], &ended["is_stopped"]),
        (&json!("failed"), &json!(true)),
        "{ended}"
    );
    assert!(!filled.world.agent.homecoming.is_busy());
    // Nothing holds the drive any more.
    let erase = filled
        .world
        .ask(&filled.session, "POST", &confirm, Some(words))
        .await;
    assert_eq!(erase.status(), StatusCode::OK, "{:?}", erase.body());
    let refused = filled.receive(&keys, &home, &json!({})).await;
    assert_eq!(code(&refused), "refused", "{:?}", refused.body());
    let jobs = filled.world.agent.jobs.clone();
    let over = tokio::task::spawn_blocking(move || {
        // It may be done by now.
        drop(jobs.cancel(&job));
        jobs.wait(&job)
    });
    assert!(over.await.expect("no panic").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_ends_stops_it_and_begins_nothing_more() {
    let filled = Filled::new().await;
    let home = filled.path("home");
    let begun = filled.receive(&wrong_keys(400), &home, &json!({})).await;
    assert_eq!(begun.status(), StatusCode::OK, "{:?}", begun.body());
    let homecoming = filled.world.agent.homecoming.clone();
    let closing = tokio::task::spawn_blocking(move || {
        let mut told = false;
        homecoming.close(|| told = true);
        told
    });
    let closed = tokio::time::timeout(Duration::from_secs(20), closing).await;
    assert!(closed.expect("in time").expect("no panic"), "it waited");
    assert_eq!(filled.standing().await["is_stopped"], true);
    let next = filled.receive(&wrong_keys(1), &home, &json!({})).await;
    assert_eq!(code(&next), "stopped", "{:?}", next.body());
}
