//! S13, S15, S19: keys are in the drive, its journal and the key file that was asked for, and nowhere else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bitlocker_image::{Credential, RecoveryPassword, open_information_area};
use disk::ReadAt as _;
use serde_json::json;
use shared::api::{JobState, paths};

use super::support::{
    SERIAL, Serve, argosy, command, contains, files, new_drive, noise, plan, send, text, wait_until,
};

/// Where the volume begins on every drive of ours.
const VOLUME_AT: u64 = 1 << 20;

/// Everything secret about one finished drive.
struct Secrets {
    password: RecoveryPassword,
    master_key: Vec<u8>,
    volume_key: Vec<u8>,
}

impl Secrets {
    /// Reads them as whoever has the journal and the drive can.
    fn of(image: &Path, journal: &Path) -> Self {
        let replay = shared::journal::replay(&std::fs::read(journal).unwrap()).unwrap();
        let password = replay.recovery_password.unwrap();
        let credential = Credential::RecoveryPassword(password.clone());
        let reader = agent::device::open_read(image, false).unwrap();
        let drive = shared::verify::open_drive(&reader, &credential).unwrap();
        let at = drive.bitlocker().unwrap().facts().information[0];
        let mut area = vec![0; 65_536];
        let at = at.checked_add(VOLUME_AT).unwrap();
        reader.read_at(at, &mut area).unwrap();
        let area = open_information_area(&area, &credential).unwrap();
        Self {
            password,
            master_key: area.volume_master_key().to_vec(),
            volume_key: area.volume_key().to_vec(),
        }
    }

    /// Returns each secret in each form in which it could have been written, with a name for it.
    fn forms(&self) -> Vec<(String, Vec<u8>)> {
        let password = self.password.reveal().to_string();
        let digits = password.replace('-', "");
        let mut forms = vec![
            ("password".to_owned(), password.clone().into_bytes()),
            ("password without dashes".to_owned(), digits.into_bytes()),
        ];
        // Half of it is as good as all of it for whoever guesses the rest.
        forms.push((
            "half a password".to_owned(),
            password.as_bytes()[..27].to_vec(),
        ));
        let wide = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        forms.push(("password in UTF-16".to_owned(), wide));
        for (name, key) in [
            ("recovery key", self.password.key().0.as_slice()),
            ("volume master key", &self.master_key),
            ("volume key", &self.volume_key),
        ] {
            forms.push((name.to_owned(), key.to_vec()));
            let reversed = key.iter().rev().copied().collect();
            forms.push((format!("{name} reversed"), reversed));
            let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            forms.push((format!("{name} in HEX"), hex.to_uppercase().into_bytes()));
            forms.push((format!("{name} in hex"), hex.into_bytes()));
            let list = format!("{key:?}");
            forms.push((
                format!("{name} as a list"),
                list.trim_matches(['[', ']']).into(),
            ));
            for (kind, text) in base64s(key) {
                forms.push((format!("{name} in {kind}"), text.into_bytes()));
            }
        }
        forms
    }

    fn are_absent_from(&self, place: &str, bytes: &[u8]) {
        for (name, form) in self.forms() {
            assert!(!contains(bytes, &form), "the {name} is in {place}");
        }
    }
}

/// Returns base64 in both alphabets, without the padding and the last letter: also found inside a longer text.
fn base64s(key: &[u8]) -> [(&'static str, String); 2] {
    use base64::Engine as _;
    use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
    let cut = |mut text: String| {
        text.pop();
        text
    };
    [
        ("base64", cut(BASE64_STANDARD_NO_PAD.encode(key))),
        ("base64url", cut(BASE64_URL_SAFE_NO_PAD.encode(key))),
    ]
}

fn source(home: &Path) -> std::path::PathBuf {
    let source = home.join("source");
    std::fs::create_dir(&source).unwrap();
    std::fs::write(source.join("clip.mov"), noise(3, 3_000_000)).unwrap();
    std::fs::write(source.join("note.txt"), "Day 3").unwrap();
    source
}

/// Looks through every file below `home`, but for the drives. Those whose purpose is to hold a key must be their
/// owner's alone: the journal, its form for the portal, and the key file that was asked for.
fn search(home: &Path, secrets: &Secrets, serial: &str) {
    let journal = format!("{serial}.jrn");
    let portal = format!("{serial}_DriveInfo_{serial}.xml");
    for (path, content) in files(home) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let place = path.display().to_string();
        if name == journal || name == portal || name.ends_with(".BEK") {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{place}");
            for key in [&secrets.master_key, &secrets.volume_key] {
                assert!(!contains(&content, key), "a bare key is in {place}");
            }
        } else if !name.ends_with(".img") {
            secrets.are_absent_from(&place, &content);
        }
    }
}

#[test]
fn s13_the_search_finds_what_it_looks_for() {
    let home = tempfile::tempdir().unwrap();
    let (source, image) = (source(home.path()), new_drive(home.path(), "FIND", "80MB"));
    let journals = home.path().join("journals");
    let prepared = prepare(home.path(), &source, &image, &["--show-keys"]);
    let secrets = Secrets::of(&image, &journals.join("FIND.jrn"));
    let journal = std::fs::read(journals.join("FIND.jrn")).unwrap();
    let found = |bytes: &[u8]| {
        let forms = secrets.forms();
        let names = forms.into_iter().filter(|(_, form)| contains(bytes, form));
        names.map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(found(&journal), ["password", "half a password"]);
    assert_eq!(found(&prepared.stdout), ["password", "half a password"]);
    for (name, form) in secrets.forms() {
        assert!(
            found(&[b"x", form.as_slice(), b"y"].concat()).contains(&name),
            "{name}"
        );
    }
}

fn prepare(home: &Path, source: &Path, image: &Path, more: &[&str]) -> std::process::Output {
    let journals = home.join("journals");
    let mut arguments = vec![
        "prepare",
        "--session",
        "keys",
        "--journal-dir",
        text(&journals),
    ];
    arguments.extend([
        "--source",
        text(source),
        "--to",
        "film/",
        "--drive",
        text(image),
    ]);
    arguments.extend(more);
    let output = argosy(home, &arguments);
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn s13_no_byte_that_a_prepare_writes_or_prints_is_a_key() {
    let home = tempfile::tempdir().unwrap();
    let (source, image) = (source(home.path()), new_drive(home.path(), "KEYS", "80MB"));
    let bek = home.path().join("bek");
    let output = prepare(
        home.path(),
        &source,
        &image,
        &["--bek", text(&bek), "--json"],
    );
    let journals = home.path().join("journals");
    let journal = journals.join("KEYS.jrn");
    let secrets = Secrets::of(&image, &journal);
    secrets.are_absent_from("standard output", &output.stdout);
    secrets.are_absent_from("standard error", &output.stderr);
    // What else one does with it.
    let quiet = [
        vec!["journal", "check", text(&journal)],
        vec![
            "verify",
            "--drive",
            text(&image),
            "--journal",
            text(&journal),
        ],
        vec!["check-drive", text(&image)],
        vec!["drives", "--json"],
        vec!["status", "--json"],
        vec!["journal", "redact", text(&journal)],
    ];
    for arguments in quiet {
        let output = argosy(home.path(), &arguments);
        secrets.are_absent_from(&format!("output of {arguments:?}"), &output.stdout);
        secrets.are_absent_from(&format!("errors of {arguments:?}"), &output.stderr);
    }
    assert_eq!(files(&bek).len(), 1);
    search(home.path(), &secrets, "KEYS");
}

#[test]
fn s13_no_byte_that_serve_writes_or_prints_is_a_key() {
    let home = tempfile::tempdir().unwrap();
    let (source, image) = (source(home.path()), new_drive(home.path(), SERIAL, "80MB"));
    let errors = home.path().join("errors.txt");
    let start = command(
        home.path(),
        &["serve", "--no-open", "--drive", text(&image)],
    );
    let serve = Serve::with_errors(start, &errors);
    let session = serve.session();
    let request = json!({
        "session": "keys", "source": source, "destination": "film/",
        "drives": [{"path": image, "serial": SERIAL}],
    });
    let (job, plan_hash) = plan(serve.port, &session, &request);
    let post = |path: &str, body: &serde_json::Value| {
        send(serve.port, &session.post(path, body).text(serve.port))
    };
    let asked = post(&paths::question(&job), &json!({"plan_hash": plan_hash}));
    let words = json!({
        "question": asked.json()["question"], "plan_hash": plan_hash,
        "drives": [{"serial": SERIAL, "typed": "4411"}],
    });
    let mut heard = post(&paths::confirm(&job), &words).body;
    let ended = serde_json::to_value(JobState::Ended).unwrap();
    wait_until("the job ends", || {
        let reply = send(serve.port, &session.get(&paths::job(&job)).text(serve.port));
        heard.push_str(&reply.body);
        reply.json()["state"] == ended
    });
    let journal = home
        .path()
        .join(".local/state/argosy/journals")
        .join(format!("{SERIAL}.jrn"));
    let secrets = Secrets::of(&image, &journal);
    secrets.are_absent_from("the answers to the page", heard.as_bytes());
    // Shown when a person asks for it, and kept out of every cache.
    let shown = post(&paths::key(&job, SERIAL), &json!(null));
    assert_eq!(
        shown.json()["recovery_password"],
        secrets.password.reveal().as_str()
    );
    assert_eq!(shown.value("cache-control").as_deref(), Some("no-store"));
    drop(serve);
    search(home.path(), &secrets, SERIAL);
}

#[test]
fn s13_no_memory_of_the_running_agent_is_dumped() {
    let home = tempfile::tempdir().unwrap();
    let serve = Serve::start(home.path(), &[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serve.child.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core:?}");
}

#[test]
fn s15_two_drives_of_one_job_share_no_key() {
    let home = tempfile::tempdir().unwrap();
    let source = home.path().join("source");
    std::fs::create_dir(&source).unwrap();
    for number in 0..2 {
        std::fs::write(source.join(format!("{number}")), noise(number, 40 << 20)).unwrap();
    }
    let images = ["ONE", "TWO"].map(|serial| new_drive(home.path(), serial, "80MB"));
    let output = prepare(home.path(), &source, &images[0], &[text(&images[1])]);
    assert!(output.status.success());
    let [one, two] = [("ONE", &images[0]), ("TWO", &images[1])].map(|(serial, image)| {
        let journal = home.path().join("journals").join(format!("{serial}.jrn"));
        Secrets::of(image, &journal)
    });
    assert!(one.password != two.password);
    assert_ne!(one.master_key, two.master_key);
    assert_ne!(one.volume_key, two.volume_key);
}
