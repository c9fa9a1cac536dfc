//! S8: before a drive is erased somebody answers a question that was asked of them just now.

use serde_json::{Value, json};
use shared::api::{JobState, paths};

use super::support::{Reply, SERIAL, Served, Session};

fn ask(served: &Served, session: &Session, job: &str, plan: &str) -> String {
    let shown = json!({"plan_hash": plan});
    let reply = served.send(&session.post(&paths::question(job), &shown));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["seconds"], 120);
    reply.json()["question"].as_str().unwrap().to_owned()
}

fn words(question: &str, plan: &str, typed: &str) -> Value {
    let drives = json!([{"serial": SERIAL, "typed": typed}]);
    json!({"question": question, "plan_hash": plan, "drives": drives})
}

fn confirm(served: &Served, session: &Session, job: &str, words: &Value) -> Reply {
    served.send(&session.post(&paths::confirm(job), words))
}

fn still_waits(served: &Served, job: &str) -> bool {
    let image = std::fs::read(served.folder.path().join("drive.img")).unwrap();
    served.agent.jobs.snapshot(job).unwrap().state == JobState::WaitsForConfirmation
        && image.iter().all(|byte| *byte == 0)
}

#[test]
fn s8_no_drive_is_erased_without_a_question_that_was_asked() {
    let served = Served::new();
    let session = served.session();
    let (job, plan) = served.planned(&session, "unasked");
    for question in ["", "x", &"0".repeat(64)] {
        let reply = confirm(&served, &session, &job, &words(question, &plan, "4411"));
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (409, "question-void")
        );
    }
    let mut without = words("", &plan, "4411");
    without.as_object_mut().unwrap().remove("question");
    let reply = confirm(&served, &session, &job, &without);
    assert_eq!((reply.status, reply.code().as_str()), (400, "bad-request"));
    assert!(still_waits(&served, &job));
}

#[test]
fn s8_an_answer_of_another_session_job_or_plan_erases_nothing() {
    let served = Served::new();
    let (session, other) = (served.session(), served.session());
    let (job, plan) = served.planned(&session, "bound");
    let question = ask(&served, &session, &job, &plan);
    let stolen = confirm(&served, &other, &job, &words(&question, &plan, "4411"));
    assert_eq!(
        (stolen.status, stolen.code().as_str()),
        (409, "question-void")
    );
    let plan_of_others = "0".repeat(64);
    let another = confirm(
        &served,
        &session,
        &job,
        &words(&question, &plan_of_others, "4411"),
    );
    assert_eq!(another.code(), "question-void");
    // Asked about another plan than the job's, it is the job that refuses.
    let question = ask(&served, &session, &job, &plan_of_others);
    let another = confirm(
        &served,
        &session,
        &job,
        &words(&question, &plan_of_others, "4411"),
    );
    assert_eq!((another.status, another.code().as_str()), (409, "refused"));
    assert!(still_waits(&served, &job));
}

#[test]
fn s8_wrong_words_erase_nothing_and_five_of_them_void_the_question() {
    let served = Served::new();
    let session = served.session();
    let (job, plan) = served.planned(&session, "wrong");
    let question = ask(&served, &session, &job, &plan);
    for typed in ["4412", "411", "WD-TEST", "44 11x", "1144"] {
        let reply = confirm(&served, &session, &job, &words(&question, &plan, typed));
        assert_eq!((reply.status, reply.code().as_str()), (409, "refused"));
    }
    let right = confirm(&served, &session, &job, &words(&question, &plan, "4411"));
    assert_eq!(right.code(), "question-void");
    assert!(still_waits(&served, &job));
}

#[test]
fn s8_an_answer_counts_once_and_closing_the_page_does_not_stop_the_job() {
    let served = Served::new();
    let session = served.session();
    let (job, plan) = served.planned(&session, "once");
    let question = ask(&served, &session, &job, &plan);
    let events = {
        let mut stream = served.connect();
        let text = session.get(paths::EVENTS).text(served.port);
        std::io::Write::write_all(&mut stream, text.as_bytes()).unwrap();
        assert_eq!(super::support::answer(&mut stream).status, 200);
        stream
    };
    let answer = words(&question, &plan, "4411");
    let first = confirm(&served, &session, &job, &answer);
    assert_eq!(first.status, 200, "{first:?}");
    // The page goes; every connection of it is closed.
    drop(events);
    let again = confirm(&served, &session, &job, &answer);
    assert_eq!(
        (again.status, again.code().as_str()),
        (409, "question-void")
    );
    let asked = json!({"plan_hash": plan});
    let anew = served.send(&session.post(&paths::question(&job), &asked));
    assert_eq!(anew.status, 409, "{anew:?}");
    let ended = served.agent.jobs.wait(&job).unwrap();
    assert_eq!(ended.verdict, Some(shared::job::Verdict::Verified));
}

#[test]
fn s8_a_drive_that_was_swapped_after_the_question_is_not_erased() {
    let served = Served::new();
    let session = served.session();
    let (job, plan) = served.planned(&session, "swapped");
    let question = ask(&served, &session, &job, &plan);
    let sidecar = served.folder.path().join("drive.img.drive.json");
    let own = std::fs::read_to_string(&sidecar).unwrap();
    std::fs::write(&sidecar, own.replace("WD-TEST", "WD-SWAP")).unwrap();
    let reply = confirm(&served, &session, &job, &words(&question, &plan, "4411"));
    assert_eq!((reply.status, reply.code().as_str()), (409, "refused"));
    assert!(still_waits(&served, &job));
}
