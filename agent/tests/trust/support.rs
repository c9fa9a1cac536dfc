//! A server of our own, the binary, and requests written byte by byte.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use agent::http::{Agent, Users, listen, run};
use agent::jobs::Jobs;
use serde_json::{Value, json};
use shared::api::paths;
use tokio::runtime::Runtime;
use tokio::sync::watch;

pub(crate) const SERIAL: &str = "WD-TEST4411";

/// The real server on a free port, over one drive of [`SERIAL`].
pub(crate) struct Served {
    pub(crate) port: u16,
    pub(crate) agent: Agent,
    pub(crate) folder: tempfile::TempDir,
    end: watch::Sender<bool>,
    runtime: Option<Runtime>,
}

impl Served {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let drive = folder.path().join("drive.img");
        agent::device::new_drive(&drive, 64 << 20, SERIAL, disk::SectorSize::B512).unwrap();
        let journals = folder.path().join("state/journals");
        std::fs::create_dir_all(&journals).unwrap();
        std::fs::create_dir_all(folder.path().join("source")).unwrap();
        std::fs::write(folder.path().join("source/clip.mov"), vec![7; 100_000]).unwrap();
        let jobs = Jobs::open(Some(folder.path().join("state"))).unwrap();
        let (end, ending) = watch::channel(false);
        let agent = Agent::new(
            jobs,
            vec![drive],
            folder.path().join("state"),
            ending.clone(),
        )
        .unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(listen(0)).unwrap();
        let port = listener.port();
        runtime.spawn(run(
            listener,
            Users::of_this_process(),
            agent.clone(),
            ending,
        ));
        Self {
            port,
            agent,
            folder,
            end,
            runtime: Some(runtime),
        }
    }

    pub(crate) fn launch(&self) -> String {
        let token = self.agent.sessions.launch(Instant::now()).unwrap();
        token.as_str().to_owned()
    }

    /// Returns cookie and header token of a new session.
    pub(crate) fn session(&self) -> Session {
        open_session(self.port, &self.launch())
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.port)
    }

    pub(crate) fn send(&self, ask: &Ask) -> Reply {
        send(self.port, &ask.text(self.port))
    }

    pub(crate) fn raw(&self, text: &str) -> Reply {
        send(self.port, text)
    }

    /// Has a job planned; returns its id and the plan's hash.
    pub(crate) fn planned(&self, session: &Session, name: &str) -> (String, String) {
        let request = json!({
            "session": name,
            "source": self.folder.path().join("source"),
            "destination": "film/",
            "drives": [{"path": self.folder.path().join("drive.img"), "serial": SERIAL}],
        });
        plan(self.port, session, &request)
    }
}

/// Has a job planned; returns its id and the plan's hash.
pub(crate) fn plan(port: u16, session: &Session, request: &Value) -> (String, String) {
    let reply = send(port, &session.post(paths::JOBS, request).text(port));
    assert_eq!(reply.status, 200, "{reply:?}");
    let text = |name: &str| reply.json()[name].as_str().unwrap().to_owned();
    (text("job"), text("plan_hash"))
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end.send_replace(true);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}

/// What a page has after it opened its session.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) cookie: String,
    pub(crate) header: String,
}

impl Session {
    pub(crate) fn get(&self, path: &str) -> Ask {
        self.with(Ask::get(path))
    }

    pub(crate) fn post(&self, path: &str, content: &Value) -> Ask {
        self.with(Ask::post(path, content))
    }

    pub(crate) fn with(&self, ask: Ask) -> Ask {
        ask.header("cookie", &self.cookie)
            .header(paths::SESSION_HEADER, &self.header)
    }
}

pub(crate) fn open_session(port: u16, token: &str) -> Session {
    let ask = Ask::post(paths::SESSION, &json!({"token": token}));
    let reply = send(port, &ask.text(port));
    assert_eq!(reply.status, 200, "{reply:?}");
    let cookie = reply.value("set-cookie").unwrap();
    Session {
        cookie: cookie.split(';').next().unwrap().to_owned(),
        header: reply.json()["session"].as_str().unwrap().to_owned(),
    }
}

/// A request as the page makes it; any header can be another, or absent.
#[derive(Clone)]
pub(crate) struct Ask {
    line: String,
    headers: Vec<(String, String)>,
    content: String,
}

impl Ask {
    pub(crate) fn get(path: &str) -> Self {
        Self {
            line: format!("GET {path} HTTP/1.1"),
            headers: vec![("host".into(), String::new())],
            content: String::new(),
        }
    }

    pub(crate) fn post(path: &str, content: &Value) -> Self {
        Self {
            line: format!("POST {path} HTTP/1.1"),
            headers: vec![
                ("host".into(), String::new()),
                ("origin".into(), String::new()),
                ("content-type".into(), "application/json".into()),
            ],
            content: content.to_string(),
        }
    }

    pub(crate) fn line(mut self, line: &str) -> Self {
        line.clone_into(&mut self.line);
        self
    }

    /// Adds a header, in place of one of that name.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        let mut without = self.without(name);
        without.headers.push((name.to_owned(), value.to_owned()));
        without
    }

    /// Adds a header beside those of that name.
    pub(crate) fn also(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| found != name);
        self
    }

    /// Returns its bytes. Host and origin, where nothing else was said, are the page's own.
    pub(crate) fn text(&self, port: u16) -> String {
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.headers {
            let value = match (name.as_str(), value.as_str()) {
                ("host", "") => format!("127.0.0.1:{port}"),
                ("origin", "") => format!("http://127.0.0.1:{port}"),
                (_, value) => value.to_owned(),
            };
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        if !self.content.is_empty() {
            write!(text, "content-length: {}\r\n", self.content.len()).unwrap();
        }
        text + "\r\n" + &self.content
    }
}

/// An answer; status 0 when the server closed without one.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns a header's value.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    }
}

pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Sends bytes as they are and reads one answer.
pub(crate) fn send(port: u16, text: &str) -> Reply {
    let mut stream = connect(port);
    // A server that has heard enough may close before all is said.
    drop(stream.write_all(text.as_bytes()));
    answer(&mut stream)
}

/// Reads one answer: head, and as much of a body as the head says.
pub(crate) fn answer(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let mut piece = [0; 65536];
    loop {
        if let Some(reply) = whole(&bytes) {
            return reply;
        }
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!(
                "no answer: {error}; so far {:?}",
                String::from_utf8_lossy(&bytes)
            ),
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    reply(head, body)
}

fn whole(bytes: &[u8]) -> Option<Reply> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let found = reply(head, body);
    if found.value("transfer-encoding").is_some() {
        return Some(found);
    }
    let length: usize = found.value("content-length")?.parse().unwrap();
    (body.len() >= length).then_some(found)
}

fn reply(head: &str, body: &str) -> Reply {
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    Reply {
        status: status.unwrap_or(0),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_argosy")
}

pub(crate) fn argosy(home: &Path, arguments: &[&str]) -> Output {
    command(home, arguments).output().unwrap()
}

/// Returns the binary with a home of its own.
pub(crate) fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .env("HOME", home)
        .env_remove("XDG_STATE_HOME")
        .env_remove("SUDO_UID")
        .env_remove("PKEXEC_UID")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null());
    command
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A running `argosy serve` with a home of its own; ended when dropped.
pub(crate) struct Serve {
    pub(crate) child: Child,
    pub(crate) port: u16,
    pub(crate) token: String,
}

impl Serve {
    pub(crate) fn start(home: &Path, more: &[&str]) -> Self {
        let mut arguments = vec!["serve", "--no-open"];
        arguments.extend(more);
        Self::of(command(home, &arguments))
    }

    pub(crate) fn of(serve: Command) -> Self {
        Self::spawn(serve, Stdio::null())
    }

    /// Starts it with everything that it says on standard error kept in a file.
    pub(crate) fn with_errors(serve: Command, errors: &Path) -> Self {
        Self::spawn(serve, Stdio::from(std::fs::File::create(errors).unwrap()))
    }

    fn spawn(mut serve: Command, errors: Stdio) -> Self {
        let mut child = serve.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let (port, token) = address(&line);
        Self { child, port, token }
    }

    pub(crate) fn session(&self) -> Session {
        open_session(self.port, &self.token)
    }

    /// Returns whether it ended by itself, well, within `patience`.
    pub(crate) fn ends_within(&mut self, patience: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Takes a printed address apart.
pub(crate) fn address(line: &str) -> (u16, String) {
    let rest = line.trim().strip_prefix("http://127.0.0.1:").unwrap();
    let (port, token) = rest.split_once("/#token=").unwrap();
    (port.parse().unwrap(), token.to_owned())
}

/// Makes an image file that stands for a drive.
pub(crate) fn new_drive(folder: &Path, serial: &str, size: &str) -> PathBuf {
    let image = folder.join(format!("{serial}.img"));
    let made = argosy(
        folder,
        &[
            "new-drive",
            text(&image),
            "--size",
            size,
            "--serial",
            serial,
        ],
    );
    assert!(made.status.success(), "{made:?}");
    image
}

/// Bytes that no compressor would shorten, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let words = std::iter::repeat_with(|| next().to_le_bytes());
    words.flatten().take(length).collect()
}

/// Returns every file below `root` with its content.
pub(crate) fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push((entry.path(), std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    found
}

pub(crate) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Waits until `happened`, twenty seconds at most.
pub(crate) fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !happened() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The user without rights.
pub(crate) const NOBODY: u32 = 65534;

/// Returns whether this test may become another user; says so when it may not.
pub(crate) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: only root can connect as another user");
    }
    root
}
