//! A job that stopped before its end, as the page goes on with it.

use serde_json::{Value, json};
use shared::api::paths;
use warp::http::StatusCode;

use super::tests::{World, body, code, start_request};

const SERIAL: &str = "WD-TEST4411";

/// Confirms a job and stops it at once. Returns its id.
async fn stopped_job(world: &World) -> String {
    let job = confirmed_job(world, "reels-1").await;
    let session = world.session().await;
    let path = paths::cancel(&job);
    let cancelled = world.ask(&session, "POST", &path, None).await;
    assert_eq!(cancelled.status(), StatusCode::OK);
    let ended = ended(world, &job).await;
    assert_eq!(ended["verdict"], "failed", "{ended}");
    job
}

/// Confirms a job. Returns its id.
async fn confirmed_job(world: &World, name: &str) -> String {
    let session = world.session().await;
    let drive = world.agent.drives[0].to_str().expect("text").to_owned();
    let mut request = start_request(world, &drive);
    request["session"] = json!(name);
    request["drives"][0]["free_space"] = json!("keep");
    let long = world.folder.path().join("source/a/long.mov");
    std::fs::write(long, vec![9; 30 << 20]).expect("a file");
    let started = body(
        &world
            .ask(&session, "POST", paths::JOBS, Some(request))
            .await,
    );
    let job = started["job"]
        .as_str()
        .unwrap_or_else(|| panic!("{started}"))
        .to_owned();
    let shown = json!({"plan_hash": started["plan_hash"]});
    let asked = world
        .ask(&session, "POST", &paths::question(&job), Some(shown))
        .await;
    let question = body(&asked)["question"].clone();
    let drives = json!([{"serial": SERIAL, "typed": "4411"}]);
    let words = json!({"question": question, "plan_hash": started["plan_hash"], "drives": drives});
    let confirmed = world
        .ask(&session, "POST", &paths::confirm(&job), Some(words))
        .await;
    assert_eq!(confirmed.status(), StatusCode::OK);
    job
}

/// Waits for a job's end and returns it.
async fn ended(world: &World, job: &str) -> Value {
    let (jobs, job) = (world.agent.jobs.clone(), job.to_owned());
    let waited = tokio::task::spawn_blocking(move || jobs.wait(&job));
    let snapshot = waited.await.expect("ended").expect("a job");
    serde_json::to_value(snapshot).expect("plain data")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_job_is_gone_on_with_to_a_verified_drive_and_then_no_more() {
    let world = World::new();
    let job = stopped_job(&world).await;
    let session = world.session().await;
    let path = paths::resume(&job);
    let answer = world.ask(&session, "POST", &path, None).await;
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.body());
    assert_eq!(body(&answer)["id"], json!(job));
    let done = ended(&world, &job).await;
    assert_eq!(done["verdict"], "verified", "{done}");
    let again = world.ask(&session, "POST", &path, None).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    assert_eq!(code(&again), "wrong-state");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_agent_offers_the_job_once_and_goes_on_with_it() {
    let World { folder, .. } = {
        let world = World::new();
        let job = stopped_job(&world).await;
        // It is gone on with and stopped once more, so that the list has two lines of it.
        let session = world.session().await;
        let resumed = world
            .ask(&session, "POST", &paths::resume(&job), None)
            .await;
        assert_eq!(resumed.status(), StatusCode::OK);
        world
            .ask(&session, "POST", &paths::cancel(&job), None)
            .await;
        assert_eq!(ended(&world, &job).await["verdict"], "failed");
        world
    };
    let world = World::over(folder);
    let session = world.session().await;
    let jobs = body(&world.ask(&session, "GET", paths::JOBS, None).await);
    let jobs = jobs["jobs"].as_array().expect("jobs");
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(jobs[0]["state"], "interrupted");
    let journals = world.folder.path().join("state/journals");
    assert_eq!(jobs[0]["journal_dir"], json!(journals));
    let job = jobs[0]["id"].as_str().expect("an id");
    let answer = world.ask(&session, "POST", &paths::resume(job), None).await;
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.body());
    assert_eq!(ended(&world, job).await["verdict"], "verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_job_stays_finished_when_the_next_one_on_its_drive_stops() {
    let World { folder, .. } = {
        let world = World::new();
        for name in ["reels-0", "reels-1"] {
            let job = confirmed_job(&world, name).await;
            assert_eq!(ended(&world, &job).await["verdict"], "verified");
        }
        stopped_job(&world).await;
        world
    };
    let world = World::over(folder);
    let session = world.session().await;
    let jobs = body(&world.ask(&session, "GET", paths::JOBS, None).await);
    let job = |place: usize| &jobs["jobs"][place];
    assert_eq!(job(0)["state"], "interrupted");
    for (place, name) in [(1, "reels-1"), (2, "reels-0")] {
        let old = job(place);
        assert_eq!(
            (&old["session"], &old["verdict"]),
            (&json!(name), &json!("verified")),
            "{old}"
        );
        let journal = paths::journal(old["id"].as_str().expect("an id"), SERIAL);
        let journal = world.ask(&session, "GET", &journal, None).await;
        let text = String::from_utf8_lossy(journal.body()).into_owned();
        assert!(
            text.contains("ArgosyVerified") && text.contains(name),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_given_up_is_gone_on_with_by_no_agent() {
    let world = World::new();
    let job = stopped_job(&world).await;
    let journals = world.folder.path().join("state/journals");
    let given_up = crate::jobs::abort(&[journals], "reels-1").expect("given up");
    assert_eq!(given_up.len(), 1);
    // The agent that had the job only learns of it when it looks.
    let session = world.session().await;
    let path = paths::resume(&job);
    let looked = world.ask(&session, "POST", &path, None).await;
    assert_eq!(looked.status(), StatusCode::OK, "{:?}", looked.body());
    let drive = &ended(&world, &job).await["drives"][0];
    assert_eq!(
        (&drive["is_closed"], &drive["verdict"]),
        (&json!(true), &json!("failed"))
    );
    let again = world.ask(&session, "POST", &path, None).await;
    assert_eq!(code(&again), "wrong-state");

    let World { folder, .. } = world;
    let next = World::over(folder);
    let session = next.session().await;
    let shown = body(&next.ask(&session, "GET", &paths::job(&job), None).await);
    assert_eq!(shown["state"], "ended", "{shown}");
    let refused = next.ask(&session, "POST", &path, None).await;
    assert_eq!(code(&refused), "wrong-state");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_that_cannot_be_says_what_where_whether_it_is_safe_and_what_now() {
    let world = World::new();
    let job = stopped_job(&world).await;
    let session = world.session().await;
    let drive = &world.agent.drives[0];
    let away = world.folder.path().join("away.img");
    std::fs::rename(drive, &away).expect("moved");
    let path = paths::resume(&job);
    let refused = world.ask(&session, "POST", &path, None).await;
    assert_eq!(
        refused.status(),
        StatusCode::CONFLICT,
        "{:?}",
        refused.body()
    );
    let said = body(&refused);
    assert!(
        said["message"]
            .as_str()
            .expect("text")
            .contains("is not here")
    );
    assert_eq!(
        (&said["where"], &said["safe"]),
        (&json!(SERIAL), &json!("Nothing was written."))
    );
    assert!(
        said["next"]
            .as_str()
            .expect("text")
            .contains("--replace WD-TEST4411=PATH")
    );
    // It can still be gone on with once the drive is back.
    std::fs::rename(&away, drive).expect("moved back");
    let answer = world.ask(&session, "POST", &path, None).await;
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.body());
    assert_eq!(ended(&world, &job).await["verdict"], "verified");

    let unknown = world
        .ask(&session, "POST", "/api/jobs/unknown/resume", None)
        .await;
    assert_eq!(
        (unknown.status(), code(&unknown).as_str()),
        (StatusCode::NOT_FOUND, "not-found")
    );
    let read = world.ask(&session, "GET", &path, None).await;
    assert_eq!(
        (read.status(), code(&read).as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, "wrong-method")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spare_takes_a_drives_place_once_it_is_confirmed_and_the_drive_is_given_up_then() {
    let spare = "WD-SPARE09KX";
    let World { folder, .. } = World::new();
    let path = folder.path().join("spare.img");
    crate::device::new_drive(&path, 64 << 20, spare, disk::SectorSize::B512).expect("an image");
    let mut world = World::over(folder);
    let drives = [world.agent.drives[0].clone(), path.clone()];
    world.agent.drives = drives.to_vec().into();
    let job = stopped_job(&world).await;
    let session = world.session().await;
    let replace = |serial: &str| {
        let picked = json!({"path": path, "serial": spare});
        Some(json!({"serial": serial, "spare": picked}))
    };
    let at = paths::replace(&job);
    // One that is asked for and left waiting stands in nobody's way.
    for _ in 0..2 {
        let planned = world.ask(&session, "POST", &at, replace(SERIAL)).await;
        assert_eq!(planned.status(), StatusCode::OK, "{:?}", planned.body());
    }
    let wrong = world.ask(&session, "POST", &at, replace("WD-OTHER")).await;
    assert_ne!(wrong.status(), StatusCode::OK);
    let planned = body(&world.ask(&session, "POST", &at, replace(SERIAL)).await);
    assert_eq!(planned["drives"][0]["serial"], json!(spare), "{planned}");
    let old = body(&world.ask(&session, "GET", &paths::job(&job), None).await);
    assert_eq!(old["drives"][0]["is_closed"], json!(false), "only planned");
    let new = planned["job"].as_str().expect("an id");
    let shown = json!({"plan_hash": planned["plan_hash"]});
    let path = paths::question(new);
    let asked = world.ask(&session, "POST", &path, Some(shown)).await;
    let question = body(&asked)["question"].clone();
    let drives = json!([{"serial": spare, "typed": "09KX"}]);
    let words = json!({"question": question, "plan_hash": planned["plan_hash"], "drives": drives});
    let path = paths::confirm(new);
    let confirmed = world.ask(&session, "POST", &path, Some(words)).await;
    assert_eq!(confirmed.status(), StatusCode::OK);
    let done = ended(&world, new).await;
    assert_eq!(done["verdict"], "verified", "{done}");
    let old = body(&world.ask(&session, "GET", &paths::job(&job), None).await);
    assert_eq!(old["drives"][0]["is_closed"], json!(true), "{old}");
    let again = world.ask(&session, "POST", &at, replace(SERIAL)).await;
    assert_eq!(code(&again), "wrong-state");
}
