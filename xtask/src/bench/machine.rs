//! What it was measured on, by whom, and beside how much else.

use std::fs;

use serde_json::{Value, json};

use crate::shell;

/// Returns the machine as it is now, and the versions.
pub(super) fn machine() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once(':'));
        value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let memory = field(&read("/proc/meminfo"), "MemTotal");
    let kilobytes: u64 = memory.trim_end_matches(" kB").trim().parse().unwrap_or(0);
    json!({
        "processor": field(&read("/proc/cpuinfo"), "model name"),
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "memory_gib": kilobytes / (1024 * 1024),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "rustc": said("rustc", &["--version"]),
        "openssl": said("openssl", &["version"]),
        "commit": said("git", &["describe", "--always", "--dirty"]),
        "when": said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        // How much else the machine had to do when it began.
        "load": read("/proc/loadavg").split(' ').next().unwrap_or_default(),
    })
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = shell::program(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_default()
}
