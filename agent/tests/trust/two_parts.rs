//! S7: the real binary as `sudo` calls it, over a loop device of root's: who the processes are, what each of them has, whose
//! the files are, and what becomes of the work when one of the two dies.

use std::collections::BTreeSet;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use shared::api::paths;
use shared::job::Stage;

use super::root_part::Loop;
use super::support::{
    NOBODY, Serve, command, is_root, new_drive, noise, open_session, plan, send, text, wait_until,
};

/// A home of the person's, with a source in it, and a drive that only root can open.
struct Desk {
    home: tempfile::TempDir,
    roots: tempfile::TempDir,
    drive: Loop,
    serial: String,
}

impl Desk {
    /// None where this test cannot become another user, or has no loop device.
    fn new(serial: &str, mebibytes: usize) -> Option<Self> {
        if !is_root() {
            return None;
        }
        let (home, roots) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let size = format!("{}MB", mebibytes.saturating_mul(2).saturating_add(100));
        let image = new_drive(roots.path(), serial, &size);
        let drive = Loop::over(&image)?;
        std::fs::set_permissions(&drive.0, PermissionsExt::from_mode(0o600)).unwrap();
        let source = home.path().join("source");
        std::fs::create_dir(&source).unwrap();
        std::fs::write(source.join("clip.mov"), noise(3, 1 << 20).repeat(mebibytes)).unwrap();
        for folder in [home.path(), &source] {
            chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        Some(Self {
            home,
            roots,
            drive,
            serial: serial.to_owned(),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command as `sudo` of the person starts it.
    fn sudo(&self, arguments: &[&str]) -> Command {
        let mut command = command(self.roots.path(), arguments);
        command.env("SUDO_UID", NOBODY.to_string()).current_dir("/");
        command
    }

    fn prepare(&self, more: &[&str]) -> Command {
        let (journals, source) = (self.path("journals"), self.path("source"));
        let mut arguments = vec!["prepare", "--session", "two-parts"];
        arguments.extend(["--journal-dir", text(&journals), "--source", text(&source)]);
        arguments.extend(["--to", "film/", "--drive", text(&self.drive.0), "--json"]);
        arguments.extend(["--erase", &self.serial]);
        arguments.extend(more);
        self.sudo(&arguments)
    }

    fn resume(&self) -> Command {
        let journals = self.path("journals");
        self.sudo(&[
            "resume",
            "--session",
            "two-parts",
            "--journal-dir",
            text(&journals),
            "--json",
        ])
    }

    /// Returns whether nobody holds the drive.
    fn is_free(&self) -> bool {
        let alone = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::EXCL;
        rustix::fs::open(&self.drive.0, alone, rustix::fs::Mode::empty()).is_ok()
    }

    /// Returns whether the drive's journal says that it is being written.
    fn is_at_work(&self) -> bool {
        let journal = self.path("journals").join(format!("{}.jrn", self.serial));
        let replayed = std::fs::read(journal)
            .ok()
            .and_then(|bytes| shared::journal::replay(&bytes).ok());
        replayed.is_some_and(|replay| matches!(replay.state.stage(), Some(Stage::Erased)))
    }
}

fn verdict(output: &Output) -> Value {
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    report["verdict"].clone()
}

/// Returns the process that works as the person, started by `root_part`.
fn user_part(root_part: u32) -> Option<u32> {
    for entry in std::fs::read_dir("/proc").unwrap() {
        let Ok(process) = entry.unwrap().file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let parent = rest
            .split(' ')
            .nth(1)
            .and_then(|parent| parent.parse().ok());
        let name = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        if parent == Some(root_part) && name.starts_with(b"argosy-user-part\0") {
            return Some(process);
        }
    }
    None
}

fn status_line(process: u32, name: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let words: Vec<&str> = line.split_ascii_whitespace().skip(1).collect();
    words.join(" ")
}

/// Asserts that a process is the person, in every thread, and can do nothing that they cannot.
fn is_the_person(process: u32, capabilities: &str) {
    for thread in std::fs::read_dir(format!("/proc/{process}/task")).unwrap() {
        let thread = thread
            .unwrap()
            .file_name()
            .to_string_lossy()
            .parse()
            .unwrap();
        let nobody = NOBODY.to_string();
        assert_eq!(status_line(thread, "Uid:"), [nobody.as_str(); 4].join(" "));
        assert_eq!(status_line(thread, "Gid:"), [nobody.as_str(); 4].join(" "));
        for set in ["CapPrm:", "CapEff:"] {
            assert_eq!(status_line(thread, set), capabilities, "{set}");
        }
        for set in ["CapInh:", "CapAmb:"] {
            assert_eq!(status_line(thread, set), "0000000000000000", "{set}");
        }
        assert_eq!(status_line(thread, "NoNewPrivs:"), "1");
    }
}

/// Returns what the descriptors of a process lead to.
fn descriptors(process: u32) -> BTreeSet<String> {
    let folder = format!("/proc/{process}/fd");
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets
        .map(|target| target.to_string_lossy().into_owned())
        .collect()
}

/// Returns the block devices that a process has open.
fn devices(process: u32) -> Vec<String> {
    use std::os::unix::fs::FileTypeExt;
    let is_device = |path: &String| {
        let facts = std::fs::metadata(path);
        facts.is_ok_and(|facts| facts.file_type().is_block_device())
    };
    descriptors(process).into_iter().filter(is_device).collect()
}

/// Returns whether a process listens on the network.
fn listens(process: u32) -> bool {
    let own = descriptors(process);
    let listening = |table: &str| {
        let table = std::fs::read_to_string(table).unwrap_or_default();
        let lines = table
            .lines()
            .skip(1)
            .map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
        lines
            .filter(|words| words.get(3) == Some(&"0A"))
            .any(|words| own.contains(&format!("socket:[{}]", words[9])))
    };
    listening("/proc/net/tcp") || listening("/proc/net/tcp6")
}

fn every_file_is_the_persons_alone(folder: &Path) {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let facts = entry.metadata().unwrap();
        if facts.is_file() {
            let name = entry.file_name();
            assert_eq!(
                (facts.uid(), facts.mode() & 0o777),
                (NOBODY, 0o600),
                "{name:?}"
            );
            names.push(name);
        }
    }
    assert!(!names.is_empty(), "{folder:?}");
}

#[test]
fn s7_sudo_prepare_fills_a_drive_of_roots_and_leaves_files_of_the_persons() {
    let Some(desk) = Desk::new("SPLIT4711", 3) else {
        return;
    };
    let (keys, journals) = (desk.path("keys"), desk.path("journals"));
    let output = desk.prepare(&["--bek", text(&keys)]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(verdict(&output), "verified");
    every_file_is_the_persons_alone(&journals);
    every_file_is_the_persons_alone(&keys);
    assert!(desk.is_free());
    // The same drive read back by hand: opened by root, read by the person.
    let journal = journals.join("SPLIT4711.jrn");
    let arguments = [
        "verify",
        "--drive",
        text(&desk.drive.0),
        "--journal",
        text(&journal),
        "--json",
    ];
    let output = desk.sudo(&arguments).output().unwrap();
    assert_eq!(verdict(&output), "verified", "{output:?}");
    // And once more for a plan: the drive that now holds something is described by root.
    let output = desk.sudo(&["drives", "--json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let drives = report["drives"].as_array().unwrap();
    let ours = drives
        .iter()
        .find(|drive| drive["serial"] == "SPLIT4711")
        .unwrap();
    assert!(ours["holds"].to_string().contains("BitLocker"), "{ours}");
}

#[test]
fn s7_the_process_with_the_page_has_no_rights_and_one_drive_only_while_it_fills_it() {
    let Some(desk) = Desk::new("SPLIT4712", 60) else {
        return;
    };
    let state = desk.path("state");
    let serve = Serve::of(desk.sudo(&["serve", "--no-open", "--state-dir", text(&state)]));
    let root_part = serve.child.id();
    let user = user_part(root_part).unwrap();
    is_the_person(user, "0000000000000000");
    // Its memory, keys and all, stays out of every swap file (S13), where root may lift the limit.
    let limits = std::fs::read_to_string(format!("/proc/{user}/limits")).unwrap();
    let limit = limits
        .lines()
        .find(|line| line.starts_with("Max locked memory"));
    if limit.unwrap().contains("unlimited") {
        assert_ne!(status_line(user, "VmLck:"), "0 kB");
    } else {
        println!("skipped: this root may not lift the limit of locked memory");
    }
    assert!(listens(user) && !listens(root_part));
    assert_eq!(status_line(root_part, "Uid:"), "0 0 0 0");
    assert_eq!(devices(user), [""; 0]);
    let session = open_session(serve.port, &serve.token);
    let listed = send(serve.port, &session.get(paths::DRIVES).text(serve.port));
    assert_eq!(devices(user), [""; 0], "a list opens nothing for the page");
    assert!(listed.body.contains("SPLIT4712"), "{listed:?}");
    let request = json!({
        "session": "two-parts",
        "source": desk.path("source"),
        "destination": "film/",
        "drives": [{"path": desk.drive.0, "serial": "SPLIT4712"}],
    });
    let (job, hash) = plan(serve.port, &session, &request);
    assert_eq!(devices(user), [""; 0], "nor does a plan");
    let post = |path: &str, content: &Value| {
        send(serve.port, &session.post(path, content).text(serve.port))
    };
    let asked = post(&paths::question(&job), &json!({"plan_hash": hash})).json();
    let drives = json!([{"serial": "SPLIT4712", "typed": "4712"}]);
    let words = json!({"question": asked["question"], "plan_hash": hash, "drives": drives});
    let confirmed = post(&paths::confirm(&job), &words);
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let drive = text(&desk.drive.0).to_owned();
    assert_eq!(
        devices(user),
        [drive.as_str()],
        "the drive that was confirmed, and no other"
    );
    is_the_person(user, "0000000000000000");
    wait_until("the drive is let go", || devices(user).is_empty());
    wait_until("it ended", || {
        let shown = send(serve.port, &session.get(&paths::job(&job)).text(serve.port)).json();
        shown["state"] == "ended" && shown["verdict"] == "verified"
    });
    every_file_is_the_persons_alone(&state.join("journals"));
    assert_eq!(devices(root_part), [""; 0]);
    // The side door is the person's too.
    let output = desk
        .sudo(&["link", "--state-dir", text(&state)])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    // A wish to stop that the root part gets is the user part's.
    kill_process(Pid::from_child(&serve.child), Signal::TERM).unwrap();
    let mut serve = serve;
    assert!(serve.ends_within(std::time::Duration::from_secs(20)));
}

#[test]
fn s7_the_page_copies_a_drive_home_that_is_sealed_and_is_given_no_other() {
    let Some(desk) = Desk::new("SPLIT4719", 3) else {
        return;
    };
    let (state, to) = (desk.path("state"), desk.path("home again"));
    let serve = Serve::of(desk.sudo(&["serve", "--no-open", "--state-dir", text(&state)]));
    let session = open_session(serve.port, &serve.token);
    let receive = |keys: &str| {
        let drives = json!([{"path": desk.drive.0, "serial": desk.serial}]);
        let request = json!({"drives": drives, "keys": keys, "to": to});
        let ask = session.post(paths::RECEIVE, &request);
        send(serve.port, &ask.text(serve.port))
    };
    let any = ["000011"; 8].join("-");
    let refused = receive(&any);
    assert_ne!(refused.status, 200, "{refused:?}");
    assert!(refused.body.contains("not enciphered"), "{refused:?}");
    let output = desk.prepare(&[]).output().unwrap();
    assert_eq!(verdict(&output), "verified", "{output:?}");
    let journal = std::fs::read(desk.path("journals").join("SPLIT4719.jrn")).unwrap();
    let password = shared::journal::replay(&journal).unwrap().recovery_password;
    let begun = receive(password.unwrap().reveal().as_ref());
    assert_eq!(begun.status, 200, "{begun:?}");
    let mut end = Value::Null;
    wait_until("it is home", || {
        let ask = session.get(paths::RECEIVE).text(serve.port);
        end = send(serve.port, &ask).json();
        end["is"] == "ended"
    });
    assert_eq!(end["verdict"], "verified", "{end}");
    let home = to.join("film/clip.mov");
    assert_eq!(std::fs::metadata(&home).unwrap().uid(), NOBODY);
    let source = std::fs::read(desk.path("source/clip.mov")).unwrap();
    assert!(std::fs::read(home).unwrap() == source);
    let root_part = serve.child.id();
    assert_eq!(devices(user_part(root_part).unwrap()), [""; 0]);
    assert_eq!(devices(root_part), [""; 0]);
}

#[test]
fn s7_when_the_root_part_is_killed_the_page_says_so_and_its_process_ends_at_once() {
    let Some(desk) = Desk::new("SPLIT4718", 1) else {
        return;
    };
    let (state, errors) = (desk.path("state"), desk.path("errors"));
    let arguments = [
        "serve",
        "--no-open",
        "--idle-minutes",
        "0",
        "--state-dir",
        text(&state),
    ];
    let mut serve = Serve::with_errors(desk.sudo(&arguments), &errors);
    let user = user_part(serve.child.id()).unwrap();
    serve.child.kill().unwrap();
    serve.child.wait().unwrap();
    wait_until("the user part ends", || {
        std::fs::read_to_string(format!("/proc/{user}/stat"))
            .map_or(true, |stat| stat.contains(") Z "))
    });
    let said = std::fs::read_to_string(errors).unwrap();
    assert!(
        said.contains("the part of Argosy that has the drives ended"),
        "{said}"
    );
}

#[test]
fn s13_roots_memory_is_locked() {
    if !is_root() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let serve = Serve::start(home.path(), &[]);
    assert_ne!(status_line(serve.child.id(), "VmLck:"), "0 kB");
}

/// Starts a long `prepare`, and waits until the drive is being written.
fn at_work(desk: &Desk) -> (Child, u32) {
    let mut prepare = desk.prepare(&[]);
    let mut prepare = prepare
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("it is at work", || {
        assert_eq!(prepare.try_wait().unwrap(), None);
        desk.is_at_work()
    });
    let user = user_part(prepare.id()).unwrap();
    (prepare, user)
}

fn pid(process: u32) -> Pid {
    Pid::from_raw(process.try_into().unwrap()).unwrap()
}

#[test]
fn s7_when_the_user_part_is_killed_the_root_part_lets_go_and_resume_finishes() {
    let Some(desk) = Desk::new("SPLIT4713", 300) else {
        return;
    };
    let (mut prepare, user) = at_work(&desk);
    kill_process(pid(user), Signal::KILL).unwrap();
    let status = prepare.wait().unwrap();
    assert_eq!(
        status.code(),
        Some(137),
        "the root part ends as the user part did"
    );
    assert!(desk.is_free());
    let output = desk.resume().output().unwrap();
    assert_eq!(verdict(&output), "verified", "{output:?}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn s7_when_the_root_part_is_killed_nothing_more_is_written_and_resume_finishes() {
    let Some(desk) = Desk::new("SPLIT4714", 900) else {
        return;
    };
    let (mut prepare, user) = at_work(&desk);
    // Held still, so that what follows is surely in the middle.
    kill_process(pid(user), Signal::STOP).unwrap();
    prepare.kill().unwrap();
    prepare.wait().unwrap();
    assert!(
        !desk.is_free(),
        "nobody else gets it while the user part lives"
    );
    kill_process(pid(user), Signal::CONT).unwrap();
    wait_until("the user part ends", || {
        std::fs::read_to_string(format!("/proc/{user}/stat"))
            .map_or(true, |stat| stat.contains(") Z "))
    });
    assert!(desk.is_free());
    let journal = std::fs::read(desk.path("journals/SPLIT4714.jrn")).unwrap();
    let replay = shared::journal::replay(&journal).unwrap();
    assert!(
        replay
            .closed
            .is_none_or(|closed| closed.verdict == shared::job::Verdict::Failed)
    );
    let output = desk.resume().output().unwrap();
    assert_eq!(verdict(&output), "verified", "{output:?}");
}

/// Puts a file and a folder of root's into the source.
fn forbidden(desk: &Desk) {
    let (file, folder) = (desk.path("source/secret.key"), desk.path("source/private"));
    std::fs::write(&file, noise(9, 5000)).unwrap();
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("inner"), "x").unwrap();
    for path in [file, folder] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o000)).unwrap();
    }
}

#[test]
fn s7_what_the_person_cannot_read_stops_a_job_before_anything_is_erased() {
    let Some(desk) = Desk::new("SPLIT4715", 1) else {
        return;
    };
    forbidden(&desk);
    let output = desk.prepare(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    for words in [
        "1 file (5000 bytes) and 1 folder cannot be read",
        "secret.key",
        "private",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let image = std::fs::read(desk.roots.path().join("SPLIT4715.img")).unwrap();
    assert!(image.iter().all(|byte| *byte == 0), "nothing was written");
    // Left out by the person's own word: the drive is whole, and they are named.
    let output = desk.prepare(&["--leave-unreadable"]).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(1),
        "something was left out: {output:?}"
    );
    assert_eq!(verdict(&output), "verified");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let left_out = report["drives"][0]["left_out"].to_string();
    assert!(
        left_out.contains("secret.key") && left_out.contains("private"),
        "{left_out}"
    );
}

#[test]
fn s7_read_as_root_reads_everything_and_has_no_other_right() {
    let Some(desk) = Desk::new("SPLIT4716", 1) else {
        return;
    };
    forbidden(&desk);
    let output = desk.prepare(&["--read-as", "root"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["drives"][0]["files"], 3, "{report}");
    assert_eq!(report["drives"][0]["left_out"], json!([]), "{report}");
    every_file_is_the_persons_alone(&desk.path("journals"));
    let state = desk.path("state");
    let arguments = [
        "serve",
        "--no-open",
        "--read-as",
        "root",
        "--state-dir",
        text(&state),
    ];
    let serve = Serve::of(desk.sudo(&arguments));
    // CAP_DAC_READ_SEARCH is bit 2. Programs that it starts would have none of it.
    is_the_person(user_part(serve.child.id()).unwrap(), "0000000000000004");
}

#[test]
fn s7_root_alone_says_that_one_process_does_everything_and_a_person_cannot_ask_for_roots_rights() {
    let Some(desk) = Desk::new("SPLIT4717", 1) else {
        return;
    };
    let mut alone = desk.prepare(&[]);
    let output = alone.env_remove("SUDO_UID").output().unwrap();
    assert_eq!(verdict(&output), "verified", "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        said.matches("nobody is behind this root").count(),
        1,
        "{said}"
    );
    for arguments in [["--as", "root"], ["--read-as", "root"]] {
        let mut as_person = Command::new("setpriv");
        as_person
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(super::support::binary())
            .args(["drives", "--json"])
            .args(arguments)
            .current_dir("/");
        let output = as_person.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {output:?}");
    }
    // Whom to become can be said, too; root itself is nobody to become.
    let named = command(desk.roots.path(), &["drives", "--as", "nobody"])
        .output()
        .unwrap();
    assert!(named.status.success(), "{named:?}");
    let root = command(desk.roots.path(), &["drives", "--as", "root"])
        .output()
        .unwrap();
    assert_eq!(root.status.code(), Some(3), "{root:?}");
}

#[test]
fn a_drive_that_only_a_driveset_names_is_filled_by_both_parts() {
    let Some(desk) = Desk::new("BYDRIVESET", 2) else {
        return;
    };
    let (csv, journals, source) = (
        desk.path("drives.csv"),
        desk.path("journals"),
        desk.path("source"),
    );
    let head = "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey";
    let rows = format!("{head}\nG,Format,SilentMode,Encrypt,\n");
    std::fs::write(&csv, rows).unwrap();
    let map = format!("G:\\={}", text(&desk.drive.0));
    let mut arguments = vec!["prepare", "--session", "two-parts", "--to", "film/"];
    arguments.extend(["--journal-dir", text(&journals), "--source", text(&source)]);
    arguments.extend(["--driveset", text(&csv), "--map", &map, "--json"]);
    arguments.extend(["--erase", &desk.serial]);
    let output = desk.sudo(&arguments).output().unwrap();
    assert_eq!(verdict(&output), "verified", "{output:?}");
    every_file_is_the_persons_alone(&journals);
}
