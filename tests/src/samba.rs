//! Samba, as a server of file shares of a test's own that stands for Azure Files, and Samba's own client, which judges.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::argosy::text;
use crate::oracle::{have, run, run_with_input};
use crate::source::sha256;

/// The share that there is.
pub const SHARE: &str = "team-share";
/// What opens it.
pub const PASSWORD: &str = "a storage key == not";
/// How long it may take to start.
const START: Duration = Duration::from_secs(30);

/// What a server demands of its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demands {
    /// SMB 3.1.1, encrypted, as Azure Files does.
    Azure,
    /// It speaks nothing newer than SMB 2.1.
    Old,
    /// SMB 3.1.1, and no encryption at all.
    Open,
}

/// An smbd with folders of its own on a free port; ended when dropped.
#[derive(Debug)]
pub struct Samba {
    port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
    user: String,
}

impl Samba {
    /// Starts one; `None` where it is not installed and need not be.
    ///
    /// # Errors
    /// When it must be there and is not, or does not start.
    pub fn start() -> Result<Option<Self>> {
        Self::start_as(Demands::Azure)
    }

    /// Starts one that demands something.
    ///
    /// # Errors
    /// When it must be there and is not, or does not start.
    pub fn start_as(demands: Demands) -> Result<Option<Self>> {
        if !have(&["smbd", "smbclient", "pdbedit", "id"])? {
            return Ok(None);
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        for name in ["state", "share"] {
            fs::create_dir(folder.path().join(name))?;
        }
        let mut samba = Self {
            port,
            folder,
            child: None,
            user: run("id", &["-un"])?.trim().to_owned(),
        };
        fs::write(samba.configuration(), samba.settings(demands))?;
        fs::write(samba.key_file(), format!("{PASSWORD}\n"))?;
        let configuration = samba.configuration();
        let arguments = ["-s", text(&configuration), "-a", "-t", "-u", &samba.user];
        run_with_input("pdbedit", &arguments, &format!("{PASSWORD}\n{PASSWORD}\n"))?;
        samba.start_again()?;
        Ok(Some(samba))
    }

    fn settings(&self, demands: Demands) -> String {
        let place = self.folder.path().display();
        let demands = match demands {
            Demands::Azure => "server min protocol = SMB3_11\nserver smb encrypt = required",
            Demands::Old => "server max protocol = SMB2_10",
            Demands::Open => "server min protocol = SMB3_11\nserver smb encrypt = off",
        };
        format!(
            "[global]\nworkgroup = LAB\nnetbios name = ARGOSYTEST\nserver role = standalone server\n\
             smb ports = {}\nbind interfaces only = yes\ninterfaces = 127.0.0.1/8\ndisable netbios = yes\n\
             load printers = no\nprintcap name = /dev/null\ndisable spoolss = yes\nmap to guest = never\n{demands}\n\
             passdb backend = tdbsam:{place}/state/passdb.tdb\nprivate dir = {place}/state\n\
             state directory = {place}/state\ncache directory = {place}/state\nlock directory = {place}/state\n\
             pid directory = {place}/state\nncalrpc dir = {place}/state/ncalrpc\nlog file = {place}/state/log\n\
             [{SHARE}]\npath = {place}/share\nread only = no\nmap archive = no\n",
            self.port
        )
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("smb.conf")
    }

    /// Returns the address of the server.
    #[must_use]
    pub fn server(&self) -> String {
        format!("//127.0.0.1:{}", self.port)
    }

    /// Returns who opens it.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns a file with the password.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.txt")
    }

    /// Returns where the share is on this computer's own disk.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.folder.path().join("share")
    }

    /// Ends it with all that it forked, as a power cut would.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        // Each connection has a process of its own; all of them are in the group that this one leads.
        let group = format!("-{}", child.id());
        let ended = Command::new("kill")
            .args(["-KILL", "--", &group])
            .status()?;
        ensure!(ended.success(), "kill says {ended}");
        child.wait()?;
        Ok(())
    }

    /// Starts it over the same folders and port.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&mut self) -> Result<()> {
        use std::os::unix::process::CommandExt as _;
        self.kill()?;
        let log = self.folder.path().join("state");
        let child = Command::new("smbd")
            .args(["--foreground", "--no-process-group", "-s"])
            .arg(self.configuration())
            .arg("-l")
            .arg(log)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.child = Some(child);
        let begun = Instant::now();
        while begun.elapsed() < START {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("smbd does not listen on port {}", self.port)
    }

    /// Runs commands of Samba's own client in the share, and returns what it says.
    ///
    /// # Errors
    /// When it fails.
    pub fn client(&self, commands: &str) -> Result<String> {
        let login = format!("{}%{PASSWORD}", self.user);
        let (share, port) = (format!("//127.0.0.1/{SHARE}"), self.port.to_string());
        let how = ["-m", "SMB3_11", "--client-protection=encrypt"];
        let what = [share.as_str(), "-p", &port, "-U", &login, "-c", commands];
        run("smbclient", &[&what[..], &how].concat())
    }

    /// Has Samba's own client fetch everything; returns the SHA-256 of each file by its path.
    ///
    /// # Errors
    /// When it fails.
    pub fn seen(&self) -> Result<BTreeMap<String, String>> {
        let folder = tempfile::tempdir()?;
        let to = text(folder.path());
        self.client(&format!("lcd \"{to}\"; recurse on; prompt off; mget *"))?;
        let mut seen = BTreeMap::new();
        gather(folder.path(), "", &mut seen)?;
        Ok(seen)
    }

    /// Returns what Samba's own client says of a file's times, to the second: created, written.
    ///
    /// # Errors
    /// When it fails.
    pub fn times(&self, path: &str) -> Result<(String, String)> {
        let said = self.client(&format!("allinfo \"{}\"", path.replace('/', "\\")))?;
        let of = |word: &str| {
            let mut lines = said.lines().map(str::trim);
            let line = lines.find_map(|line| line.strip_prefix(word));
            line.map(|line| line.trim().to_owned())
                .context(said.clone())
        };
        Ok((of("create_time:")?, of("write_time:")?))
    }
}

fn gather(folder: &Path, prefix: &str, seen: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().context("a name")?;
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), &format!("{path}/"), seen)?;
        } else {
            seen.insert(path, sha256(&mut fs::File::open(entry.path())?)?);
        }
    }
    Ok(())
}

impl Drop for Samba {
    fn drop(&mut self) {
        // Nothing more can be done about one that does not end.
        drop(self.kill());
    }
}
