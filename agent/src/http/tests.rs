//! The server as a stranger, a foreign page and the page itself meet it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::api::{JobState, News, paths, read_scan_file};
use tokio::sync::watch;
use warp::http::{Response, StatusCode, header};
use warp::hyper::body::Bytes;
use warp::test::RequestBuilder;

use super::{Agent, routes};
use crate::device;
use crate::jobs::Jobs;

const HOST: &str = "127.0.0.1:4711";
const ORIGIN: &str = "http://127.0.0.1:4711";

pub(super) struct World {
    pub(super) agent: Agent,
    end: watch::Sender<bool>,
    pub(super) folder: tempfile::TempDir,
}

/// An answer: status, headers, body.
pub(super) type Answer = Response<Bytes>;

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let drive = folder.path().join("drive.img");
        device::new_drive(&drive, 64 << 20, "WD-TEST4411", disk::SectorSize::B512)
            .expect("an image");
        Self::over(folder)
    }

    /// Returns an agent over what an earlier one left in a folder.
    pub(super) fn over(folder: tempfile::TempDir) -> Self {
        let (end, ending) = watch::channel(false);
        let drive = folder.path().join("drive.img");
        let journal_dir = folder.path().join("state/journals");
        std::fs::create_dir_all(&journal_dir).expect("a folder");
        let jobs = Jobs::open(Some(folder.path().join("state"))).expect("a state folder");
        let agent = Agent::new(jobs, vec![drive], folder.path().join("state"), ending)
            .expect("random bytes");
        Self { agent, end, folder }
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        request.reply(&routes(self.agent.clone())).await
    }

    fn launch(&self) -> String {
        let token = self.agent.sessions.launch(Instant::now());
        token.expect("random bytes").as_str().to_owned()
    }

    /// Opens a session and returns its cookie and header token.
    pub(super) async fn session(&self) -> (String, String) {
        let answer = self.send(open_with(&self.launch())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text");
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        let token = body(&answer)["session"]
            .as_str()
            .expect("a token")
            .to_owned();
        (cookie, token)
    }

    /// Asks as the page itself does.
    pub(super) async fn ask(
        &self,
        session: &(String, String),
        method: &str,
        path: &str,
        content: Option<Value>,
    ) -> Answer {
        let request = get(path)
            .method(method)
            .header("origin", ORIGIN)
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &session.0)
            .header(paths::SESSION_HEADER, &session.1);
        self.send(match content {
            Some(content) => request.json(&content),
            None => request,
        })
        .await
    }
}

fn get(path: &str) -> RequestBuilder {
    warp::test::request().path(path).header("host", HOST)
}

fn post(path: &str) -> RequestBuilder {
    get(path).method("POST").header("origin", ORIGIN)
}

fn open_with(token: &str) -> RequestBuilder {
    post(paths::SESSION).json(&json!({"token": token}))
}

pub(super) fn body(answer: &Answer) -> Value {
    serde_json::from_slice(answer.body()).expect("an object")
}

pub(super) fn code(answer: &Answer) -> String {
    body(answer)["code"].as_str().expect("a code").to_owned()
}

/// Every path that needs a session.
const PRIVATE: [(&str, &str); 24] = [
    ("GET", "/api/drives"),
    ("POST", "/api/folders"),
    ("POST", "/api/scan"),
    ("GET", "/api/jobs"),
    ("POST", "/api/jobs"),
    ("GET", "/api/jobs/a"),
    ("POST", "/api/jobs/a/question"),
    ("POST", "/api/jobs/a/confirm"),
    ("POST", "/api/jobs/a/cancel"),
    ("POST", "/api/jobs/a/resume"),
    ("POST", "/api/jobs/a/replace"),
    ("GET", "/api/jobs/a/journal/b"),
    ("POST", "/api/jobs/a/key/b"),
    ("GET", "/api/ledger"),
    ("POST", "/api/ledger"),
    ("POST", "/api/ledger/import"),
    ("POST", "/api/storage"),
    ("GET", "/api/storage/report/a"),
    ("GET", "/api/receive"),
    ("POST", "/api/receive"),
    ("POST", "/api/receive/cancel"),
    ("GET", "/api/receive/report/a"),
    ("GET", "/api/events"),
    ("GET", "/api/no/such/path"),
];

#[tokio::test]
async fn a_request_for_another_host_is_turned_away_before_any_route() {
    let world = World::new();
    let foreign = [
        "example.org",
        "127.evil.com",
        "localhost.evil.com",
        "localhost.",
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "user@127.0.0.1",
        "0.0.0.0:4711",
        "",
    ];
    for host in foreign {
        for path in ["/", "/web.js", "/api/jobs"] {
            let answer = world
                .send(warp::test::request().path(path).header("host", host))
                .await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{host:?} {path}");
            assert_eq!(code(&answer), "foreign-request");
        }
    }
}

#[tokio::test]
async fn a_request_without_a_host_or_of_two_minds_is_turned_away() {
    let world = World::new();
    let none = warp::test::request().path("/");
    let two_minds = warp::test::request()
        .path("http://evil.com/")
        .header("host", HOST);
    for request in [none, two_minds] {
        assert_eq!(world.send(request).await.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn each_name_of_loopback_is_served_whatever_the_port() {
    let world = World::new();
    for host in ["localhost", "localhost:1", "127.0.0.1:65535", "[::1]:8080"] {
        let answer = world
            .send(warp::test::request().path("/api/jobs").header("host", host))
            .await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{host}");
    }
}

#[tokio::test]
async fn what_changes_something_needs_our_own_origin() {
    let world = World::new();
    let origins = [
        None,
        Some("null"),
        Some("http://evil.com"),
        Some("http://127.0.0.1"),
        Some("http://127.0.0.1:4712"),
        Some("https://127.0.0.1:4711"),
        Some("http://localhost:4711"),
        Some("http://127.0.0.1:4711.evil.com"),
    ];
    for origin in origins {
        let token = world.launch();
        let request = get(paths::SESSION)
            .method("POST")
            .json(&json!({"token": token}));
        let request = match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        };
        let answer = world.send(request).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin:?}");
        assert_eq!(code(&answer), "foreign-request");
    }
    assert_eq!(
        world.send(open_with(&world.launch())).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_foreign_origin_may_not_even_read() {
    let world = World::new();
    for path in ["/", "/api/jobs", "/api/events"] {
        let answer = world
            .send(get(path).header("origin", "http://evil.com"))
            .await;
        assert_eq!(code(&answer), "foreign-request", "{path}");
    }
}

#[tokio::test]
async fn another_site_may_lead_to_the_page_and_to_nothing_else() {
    let world = World::new();
    let (cookie, token) = world.session().await;
    for site in ["cross-site", "same-site", "none"] {
        let link = get("/")
            .header("sec-fetch-site", site)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document");
        assert_ne!(
            world.send(link).await.status(),
            StatusCode::FORBIDDEN,
            "{site}"
        );
        let frame = get("/")
            .header("sec-fetch-site", site)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "iframe");
        assert_eq!(code(&world.send(frame).await), "foreign-request", "{site}");
        let read = get("/api/jobs")
            .header("sec-fetch-site", site)
            .header("cookie", &cookie)
            .header(paths::SESSION_HEADER, &token);
        assert_eq!(code(&world.send(read).await), "foreign-request", "{site}");
    }
}

#[tokio::test]
async fn nothing_below_api_answers_without_a_session() {
    let world = World::new();
    let (cookie, token) = world.session().await;
    for (method, path) in PRIVATE {
        let bare = || get(path).method(method).header("origin", ORIGIN);
        let attempts = [
            bare(),
            bare().header("cookie", &cookie),
            bare().header(paths::SESSION_HEADER, &token),
            bare()
                .header("cookie", &cookie)
                .header(paths::SESSION_HEADER, ""),
        ];
        for request in attempts {
            let answer = world.send(request).await;
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS];
            assert!(
                refused.contains(&answer.status()),
                "{method} {path}: {}",
                answer.status()
            );
        }
    }
}

#[tokio::test]
async fn a_launch_token_opens_one_session_whose_cookie_no_script_sees() {
    let world = World::new();
    let token = world.launch();
    let answer = world.send(open_with(&token)).await;
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text");
    for part in ["; Path=/api", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let again = world.send(open_with(&token)).await;
    assert_eq!(
        (again.status(), code(&again).as_str()),
        (StatusCode::FORBIDDEN, "bad-token")
    );
}

#[tokio::test]
async fn ten_wrong_launch_tokens_close_the_door() {
    let world = World::new();
    for _ in 0..10 {
        let answer = world.send(open_with("wrong")).await;
        assert_eq!(code(&answer), "bad-token");
    }
    let right = world.send(open_with(&world.launch())).await;
    assert_eq!(
        (right.status(), code(&right).as_str()),
        (StatusCode::TOO_MANY_REQUESTS, "locked-out")
    );
}

#[tokio::test]
async fn a_body_is_declared_json_short_and_known() {
    let world = World::new();
    let form = post(paths::SESSION)
        .header("content-type", "text/plain")
        .body(r#"{"token":"x"}"#);
    assert_eq!(code(&world.send(form).await), "bad-request");
    let torn = post(paths::SESSION)
        .header("content-type", "application/json")
        .body("{");
    assert_eq!(code(&world.send(torn).await), "bad-request");
    let more = post(paths::SESSION).json(&json!({"token": "x", "more": 1}));
    assert_eq!(code(&world.send(more).await), "bad-request");
    let long = post(paths::SESSION).json(&json!({"token": "x".repeat(100_000)}));
    let answer = world.send(long).await;
    assert_eq!(
        (answer.status(), code(&answer).as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too-large")
    );
}

#[tokio::test]
async fn every_answer_carries_the_policy_and_none_allows_another_origin() {
    let world = World::new();
    let session = world.session().await;
    let answers = [
        world.send(get("/")).await,
        world.send(get("/no-such-file")).await,
        world.send(get("/api/jobs")).await,
        world
            .send(warp::test::request().path("/").header("host", "evil.com"))
            .await,
        world.ask(&session, "GET", "/api/jobs", None).await,
    ];
    for answer in answers {
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval' "));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        assert!(headers.contains_key("permissions-policy"));
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_and_a_method_that_it_does_not_take_are_told_apart() {
    let world = World::new();
    let session = world.session().await;
    for (method, path, status, expected) in [
        ("GET", "/api/nothing", StatusCode::NOT_FOUND, "not-found"),
        ("GET", "/api", StatusCode::NOT_FOUND, "not-found"),
        (
            "GET",
            "/api/jobs/unknown",
            StatusCode::NOT_FOUND,
            "not-found",
        ),
        (
            "GET",
            "/api/jobs/unknown/journal/WD1",
            StatusCode::NOT_FOUND,
            "not-found",
        ),
        (
            "GET",
            "/api/jobs/%zz",
            StatusCode::BAD_REQUEST,
            "bad-request",
        ),
        (
            "POST",
            "/api/drives",
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong-method",
        ),
        (
            "GET",
            "/api/receive/cancel",
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong-method",
        ),
        (
            "DELETE",
            "/api/jobs/a",
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong-method",
        ),
        ("POST", "/", StatusCode::METHOD_NOT_ALLOWED, "wrong-method"),
    ] {
        let answer = world.ask(&session, method, path, None).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(code(&answer), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn drives_folders_and_scans_are_told_to_the_page() {
    let world = World::new();
    let session = world.session().await;
    let drives = world.ask(&session, "GET", "/api/drives", None).await;
    let drives = body(&drives)["drives"].as_array().expect("drives").clone();
    let ours = drives
        .iter()
        .find(|drive| drive["serial"] == "WD-TEST4411")
        .expect("listed");
    assert_eq!(
        (&ours["erasable"], &ours["blank"]),
        (&json!(true), &json!(true))
    );
    let root = world.folder.path().to_str().expect("text");
    let folders = world
        .ask(
            &session,
            "POST",
            "/api/folders",
            Some(json!({"path": root})),
        )
        .await;
    assert_eq!(body(&folders)["folders"][0]["name"], "state");
    let scan = world
        .ask(&session, "POST", "/api/scan", Some(json!({"path": root})))
        .await;
    let (said, listing) = read_scan_file(&scan.body().to_vec()).expect("a scan");
    assert_eq!(said.path, root);
    assert!(listing.is_some_and(|listing| !listing.is_empty()));
}

#[tokio::test]
async fn a_drive_that_the_agent_did_not_list_is_not_taken_from_the_page() {
    let world = World::new();
    let session = world.session().await;
    let stray = world.folder.path().join("stray.img");
    std::fs::write(&stray, vec![0; 1 << 20]).expect("a file");
    let request = start_request(&world, stray.to_str().expect("text"));
    let answer = world
        .ask(&session, "POST", "/api/jobs", Some(request))
        .await;
    assert_eq!(
        (answer.status(), code(&answer).as_str()),
        (StatusCode::NOT_FOUND, "not-found")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_the_page_and_end_with_the_agent() {
    let world = World::new();
    let session = world.session().await;
    let (jobs, end) = (world.agent.jobs.clone(), world.end.clone());
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        jobs.publish(News::DrivesChanged);
        tokio::time::sleep(Duration::from_millis(100)).await;
        end.send_replace(true);
    });
    let asked = world.ask(&session, "GET", paths::EVENTS, None);
    let answer = tokio::time::timeout(Duration::from_secs(5), asked)
        .await
        .expect("it ends");
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert!(text.contains("drives-changed"), "{text}");
}

#[tokio::test]
async fn a_drive_that_was_swapped_since_the_page_saw_it_is_not_taken() {
    let world = World::new();
    let session = world.session().await;
    let drive = world.agent.drives[0].to_str().expect("text").to_owned();
    let mut request = start_request(&world, &drive);
    request["drives"][0]["serial"] = json!("WD-OTHER4411");
    let answer = world
        .ask(&session, "POST", "/api/jobs", Some(request))
        .await;
    assert_eq!(code(&answer), "not-found");
}

pub(super) fn start_request(world: &World, drive: &str) -> Value {
    let source = world.folder.path().join("source");
    std::fs::create_dir_all(source.join("a")).expect("folders");
    std::fs::write(source.join("a/clip.mov"), vec![7; 100_000]).expect("a file");
    json!({
        "session": "reels-1",
        "source": source,
        "destination": "film/",
        "drives": [{"path": drive, "serial": "WD-TEST4411"}],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_from_the_page_to_a_verified_drive_with_its_journal_and_key() {
    let world = World::new();
    let session = world.session().await;
    let drive = world.agent.drives[0].to_str().expect("text").to_owned();
    let started = world
        .ask(
            &session,
            "POST",
            "/api/jobs",
            Some(start_request(&world, &drive)),
        )
        .await;
    let started = body(&started);
    let job = started["job"].as_str().expect("a job").to_owned();
    let shown = json!({"plan_hash": started["plan_hash"]});
    let asked = world
        .ask(&session, "POST", &paths::question(&job), Some(shown))
        .await;
    let question = body(&asked)["question"].clone();
    let confirm = |typed: &str| {
        let drives = json!([{"serial": "WD-TEST4411", "typed": typed}]);
        json!({"question": question, "plan_hash": started["plan_hash"], "drives": drives})
    };
    let path = paths::confirm(&job);
    let wrong = world
        .ask(&session, "POST", &path, Some(confirm("4412")))
        .await;
    assert_eq!(wrong.status(), StatusCode::CONFLICT, "{:?}", wrong.body());
    // The serial is the drive's own word, so a drive that is swapped behind the plan's back is noticed.
    let sidecar = format!("{drive}.drive.json");
    let own = std::fs::read_to_string(&sidecar).expect("there");
    std::fs::write(&sidecar, own.replace("WD-TEST", "WD-SWAP")).expect("written");
    let swapped = world
        .ask(&session, "POST", &path, Some(confirm("4411")))
        .await;
    assert_eq!(
        swapped.status(),
        StatusCode::CONFLICT,
        "{:?}",
        swapped.body()
    );
    std::fs::write(&sidecar, own).expect("written");
    let right = world
        .ask(&session, "POST", &path, Some(confirm("4411")))
        .await;
    assert_eq!(right.status(), StatusCode::OK, "{:?}", right.body());
    let jobs = world.agent.jobs.clone();
    let waited = job.clone();
    let ended = tokio::task::spawn_blocking(move || jobs.wait(&waited))
        .await
        .expect("ended");
    assert_eq!(ended.map(|job| job.state), Some(JobState::Ended));
    let snapshot = body(&world.ask(&session, "GET", &paths::job(&job), None).await);
    assert_eq!(snapshot["verdict"], "verified", "{snapshot}");
    let journal = world
        .ask(&session, "GET", &paths::journal(&job, "WD-TEST4411"), None)
        .await;
    assert_eq!(
        journal.headers()["content-disposition"],
        "attachment; filename=\"WD-TEST4411.jrn\""
    );
    let key = body(
        &world
            .ask(&session, "POST", &paths::key(&job, "WD-TEST4411"), None)
            .await,
    );
    let groups = key["recovery_password"]
        .as_str()
        .expect("text")
        .split('-')
        .count();
    assert_eq!(groups, 8);
}
