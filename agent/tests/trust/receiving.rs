//! S21, S17: drives come home through the page's own door, from the real binary, and it is needed until they are.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::api::paths;

use super::support::{
    Ask, Serve, Session, argosy, command, contains, files, new_drive, noise, send, text,
};

const SERIALS: [&str; 2] = ["WD-BACK1111", "WD-BACK2222"];
/// A little more than a second.
const SHORT: [&str; 2] = ["--idle-minutes", "0.02"];
const SOON: Duration = Duration::from_secs(20);

/// Two drives that `prepare` filled, of a source each.
struct Back {
    home: tempfile::TempDir,
    images: [PathBuf; 2],
    passwords: [String; 2],
}

impl Back {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let filled = [0, 1].map(|number| filled(home.path(), number));
        let [(one, first), (two, second)] = filled;
        Self {
            home,
            images: [one, two],
            passwords: [first, second],
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn serve(&self, more: &[&str], errors: &Path) -> Serve {
        let [one, two] = &self.images;
        let mut arguments = vec![
            "serve",
            "--no-open",
            "--drive",
            text(one),
            "--drive",
            text(two),
        ];
        arguments.extend(more);
        Serve::with_errors(command(self.home.path(), &arguments), errors)
    }

    fn request(&self, keys: &str, to: &Path) -> Value {
        let pairs = self.images.iter().zip(SERIALS);
        let drives = pairs.map(|(image, serial)| json!({"path": image, "serial": serial}));
        json!({"drives": drives.collect::<Vec<_>>(), "keys": keys, "to": to})
    }
}

fn filled(home: &Path, number: u8) -> (PathBuf, String) {
    let serial = SERIALS[usize::from(number)];
    let image = new_drive(home, serial, "80MB");
    let source = home.join(format!("source-{number}"));
    fs::create_dir_all(source.join("a")).unwrap();
    fs::write(
        source.join("a").join(serial),
        noise(u64::from(number), 9 << 20),
    )
    .unwrap();
    fs::write(source.join("both"), "the same").unwrap();
    let (session, journals) = (format!("reel-{number}"), home.join("journals"));
    let mut words = vec!["prepare", "--session", &session, "--source", text(&source)];
    words.extend([
        "--to",
        "film/reels/",
        "--drive",
        text(&image),
        "--no-verify",
    ]);
    words.extend(["--journal-dir", text(&journals)]);
    let prepared = argosy(home, &words);
    assert!(prepared.status.success(), "{prepared:?}");
    let journal = fs::read(journals.join(format!("{serial}.jrn"))).unwrap();
    let password = shared::journal::replay(&journal).unwrap().recovery_password;
    (image, password.unwrap().reveal().to_string())
}

fn tell(serve: &Serve, ask: &Ask) -> Value {
    let reply = send(serve.port, &ask.text(serve.port));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// Asks until it is over.
fn ended(serve: &Serve, session: &Session) -> Value {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let standing = tell(serve, &session.get(paths::RECEIVE));
        if standing["is"] == "ended" {
            return standing;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it does not end")
}

/// Recovery passwords that open nothing; trying them all takes a minute and more.
fn wrong_keys() -> String {
    let group = |number: u32| format!("{:06}", number.checked_mul(11).unwrap());
    let keys = (1..=200).map(|number| format!("{}\n", vec![group(number); 8].join("-")));
    keys.collect()
}

#[test]
fn s21_two_drives_come_home_as_their_blobs_and_their_keys_are_nowhere() {
    let back = Back::new();
    let errors = back.path("errors");
    let serve = back.serve(&[], &errors);
    let session = serve.session();
    let to = back.path("home again");
    let [one, two] = &back.passwords;
    let keys = json!({"value": [
        {"driveId": SERIALS[1], "bitLockerKey": two}, {"driveId": SERIALS[0], "bitLockerKey": one},
    ]});
    let request = back.request(&keys.to_string(), &to);
    let begun = tell(&serve, &session.post(paths::RECEIVE, &request));
    assert_eq!(begun["is"], "running", "{begun}");
    let end = ended(&serve, &session);
    assert_eq!(end["verdict"], "verified", "{end}");
    assert_eq!(end["files"], 4 + 2, "the manifests too: {end}");
    for (number, serial) in SERIALS.into_iter().enumerate() {
        let path = format!("a/{serial}");
        let source = back.path(&format!("source-{number}")).join(&path);
        let home = to.join("film/reels").join(&path);
        assert!(
            fs::read(home).unwrap() == fs::read(source).unwrap(),
            "{path}"
        );
        assert_eq!(end["drives"][number]["serial"], serial, "{end}");
        assert_eq!(end["drives"][number]["verdict"], "verified", "{end}");
        assert_eq!(end["drives"][number]["key"]["serial"], serial, "{end}");
    }
    assert_eq!(fs::read(to.join("film/reels/both")).unwrap(), b"the same");
    let mut looked_at = 0_u32;
    let state = back.path(".local");
    let said = fs::read(&errors).unwrap();
    let kept = files(&state).into_iter().chain(files(&to));
    for (file, content) in kept.chain([(errors, said)]) {
        looked_at = looked_at.checked_add(1).unwrap();
        for password in &back.passwords {
            let is_in = contains(&content, &password.as_bytes()[..27]);
            assert!(!is_in, "a key is in {}", file.display());
        }
    }
    assert!(looked_at > 4, "{looked_at} files were looked at");
    assert!(!end.to_string().contains(&one[..27]), "a key is told");
}

#[test]
fn s17_an_agent_is_needed_while_drives_come_home_and_no_longer() {
    let back = Back::new();
    let mut serve = back.serve(&SHORT, &back.path("errors"));
    let session = serve.session();
    let request = back.request(&wrong_keys(), &back.path("home again"));
    tell(&serve, &session.post(paths::RECEIVE, &request));
    // Nobody is connected any more.
    assert!(
        !serve.ends_within(Duration::from_secs(5)),
        "drives come home"
    );
    tell(&serve, &session.post(paths::RECEIVE_CANCEL, &json!(null)));
    assert!(serve.ends_within(SOON), "nothing comes home any more");
}

#[test]
fn drives_that_come_home_are_seen_and_stopped_from_a_shell() {
    let back = Back::new();
    let serve = back.serve(&[], &back.path("errors"));
    let session = serve.session();
    let request = back.request(&wrong_keys(), &back.path("home again"));
    let begun = tell(&serve, &session.post(paths::RECEIVE, &request));
    let id = begun["order"]["id"].as_str().unwrap();
    let shell = |words: &[&str]| argosy(back.home.path(), words);
    let shown = String::from_utf8(shell(&["status"]).stdout).unwrap();
    assert!(
        shown.contains(&format!("coming home (job {id})")),
        "{shown}"
    );
    assert!(
        shown.contains(&format!("{}: being opened", SERIALS[1])),
        "{shown}"
    );
    let listed: Value = serde_json::from_slice(&shell(&["status", "--json"]).stdout).unwrap();
    let receiving = &listed["processes"][0]["receiving"];
    assert_eq!(receiving["is"], "running", "{listed}");
    let mut follows = command(back.home.path(), &["status", "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let steps = follows.stdout.as_mut().unwrap();
    BufReader::new(steps).read_line(&mut first).unwrap();
    assert!(first.ends_with(": coming home\n"), "{first}");
    assert!(shell(&["status", "--cancel", id]).status.success());
    let end = ended(&serve, &session);
    assert_eq!(end["is_stopped"], true, "{end}");
    let followed = follows.wait_with_output().unwrap();
    let said = String::from_utf8(followed.stderr).unwrap();
    assert!(said.contains("Stopped before the end"), "{said}");
    assert!(!followed.status.success(), "{said}");
    let shown = String::from_utf8(shell(&["status"]).stdout).unwrap();
    assert!(shown.contains("failed. Stopped before the end"), "{shown}");
    assert!(!shell(&["status", "--cancel", id]).status.success());
}

#[test]
fn an_agent_that_is_told_to_end_while_drives_come_home_stops_them_and_ends_well() {
    let back = Back::new();
    let errors = back.path("errors");
    let mut serve = back.serve(&[], &errors);
    let session = serve.session();
    let to = back.path("home again");
    tell(
        &serve,
        &session.post(paths::RECEIVE, &back.request(&wrong_keys(), &to)),
    );
    let serving = rustix::process::Pid::from_child(&serve.child);
    rustix::process::kill_process(serving, rustix::process::Signal::TERM).unwrap();
    assert!(serve.ends_within(SOON));
    let said = fs::read_to_string(&errors).unwrap();
    assert!(said.contains("Stopping the copying of drives"), "{said}");

    // The next one goes on from there.
    let serve = back.serve(&[], &errors);
    let session = serve.session();
    let keys = back.passwords.join("\n");
    let standing = tell(&serve, &session.get(paths::RECEIVE));
    assert_eq!(standing, json!({"is": "nothing"}));
    tell(
        &serve,
        &session.post(paths::RECEIVE, &back.request(&keys, &to)),
    );
    let end = ended(&serve, &session);
    assert_eq!(end["verdict"], "verified", "{end}");
}
