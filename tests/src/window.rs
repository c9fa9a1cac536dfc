//! Another window of the same person, which speaks to the agent as the page does, without a browser.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::agent::Agent;
use crate::argosy::{argosy, text};

/// A session of its own.
pub struct Window {
    host: String,
    cookie: String,
    session: String,
}

impl Window {
    /// Opens it with an address that `argosy link` prints.
    ///
    /// # Errors
    /// When the agent does not let it in.
    pub fn open(agent: &Agent) -> Result<Self> {
        let state = agent.folder().join("state");
        let link = argosy(&["link", "--state-dir", text(&state)])?;
        ensure!(link.status.success(), "{link:?}");
        let address = String::from_utf8(link.stdout)?;
        let address = address.trim().trim_start_matches("http://");
        let (host, token) = address.split_once("/#token=").context("no address")?;
        let mut window = Self {
            host: host.to_owned(),
            cookie: String::new(),
            session: String::new(),
        };
        let token = json!({"token": token}).to_string();
        let (head, body) = window.exchange("POST", "/api/session", &token)?;
        let cookie = head
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.context("no cookie")?.split(';').next();
        window.cookie = cookie.unwrap_or_default().to_owned();
        let body: Value = serde_json::from_str(&body)?;
        window.session = body["session"].as_str().context("no session")?.to_owned();
        Ok(window)
    }

    /// Sends a value; returns that of the answer, a refusal's too.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send(&self, method: &str, path: &str, content: &Value) -> Result<Value> {
        let (_, body) = self.exchange(method, path, &content.to_string())?;
        Ok(serde_json::from_str(&body)?)
    }

    /// Returns head and body of what is at a path.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn get(&self, path: &str) -> Result<(String, String)> {
        self.exchange("GET", path, "")
    }

    fn exchange(&self, method: &str, path: &str, content: &str) -> Result<(String, String)> {
        let host = &self.host;
        let mut stream = TcpStream::connect(host)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\nconnection: close\r\n\
             cookie: {}\r\nx-argosy-session: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{content}",
            self.cookie,
            self.session,
            content.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        Ok((head.to_owned(), body.to_owned()))
    }
}
