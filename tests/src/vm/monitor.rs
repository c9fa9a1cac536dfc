//! The line to the computer's makers: plugs are pulled over it. QEMU's QMP: one JSON object a line.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// An answer takes no longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open line.
pub(super) struct Monitor {
    lines: BufReader<UnixStream>,
    /// Events that came between answers.
    events: Vec<String>,
}

impl Monitor {
    /// Opens it.
    pub(super) fn open(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).context("the monitor's socket")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut monitor = Self {
            lines: BufReader::new(stream),
            events: Vec::new(),
        };
        let greeting = monitor.line()?;
        ensure!(!greeting["QMP"].is_null(), "no greeting: {greeting}");
        monitor.ask("qmp_capabilities", &json!({}))?;
        Ok(monitor)
    }

    /// Has a command done.
    pub(super) fn ask(&mut self, command: &str, arguments: &Value) -> Result<()> {
        let request = json!({"execute": command, "arguments": arguments});
        writeln!(self.lines.get_mut(), "{request}")?;
        loop {
            let answer = self.line()?;
            if let Some(event) = answer["event"].as_str() {
                self.events.push(event.to_owned());
            } else if answer["error"].is_null() {
                return Ok(());
            } else {
                bail!("{request}: {answer}");
            }
        }
    }

    /// Waits for an event since the line was opened.
    pub(super) fn hears(&mut self, event: &str) -> Result<()> {
        while !self.events.iter().any(|heard| heard == event) {
            let heard = self.line()?;
            self.events
                .extend(heard["event"].as_str().map(str::to_owned));
        }
        Ok(())
    }

    fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.lines
            .read_line(&mut line)
            .context("the monitor is silent")?;
        serde_json::from_str(&line).with_context(|| format!("the monitor says {line:?}"))
    }
}
