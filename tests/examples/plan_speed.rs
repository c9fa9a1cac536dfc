//! How fast the page plans ten million files in Chromium, and in how much memory.
//!
//! `cargo xtask bench plan_speed` builds the page and runs this; `plan_speed FILES` takes another number. The page's own
//! worker reads a saved scan and plans it onto drives of 8 TB; the listing has camera names, a thousand to a folder. Then a
//! page plans the same file as a person has it do, and is watched for tasks that keep it from answering.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "counts and sizes of a measurement"
)]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use ntfs_image::FileTime;
use serde_json::{Value, json};
use shared::api::{ScanReply, scan_head};
use shared::plan::{Columns, Kind, Listing};
use tests::browser::Browser;
use tests::page::{longest_task, open_one_file, watch_tasks};
use tests::rows::at_most;

/// How many the goals are for.
const FILES: u64 = 10_000_000;

/// Puts a place to choose a file on the page.
const CHOOSE: &str = "const input = document.createElement('input'); input.type = 'file'; input.id = 'measured'; \
    document.body.prepend(input);";

/// Starts the page's own worker, as the page does, and has it read the file and plan.
const MEASURE: &str = "const [plan, done] = arguments; \
    const text = id => document.getElementById(id).textContent; \
    const script = `globalThis.argosyWasm = '${text('wasm').trim()}';\\n${text('program')}`; \
    const worker = new Worker(URL.createObjectURL(new Blob([script], {type: 'text/javascript'}))); \
    const file = document.getElementById('measured').files[0]; \
    const ask = (number, task, files) => worker.postMessage({number, task, files}); \
    let began = 0; let read = 0; \
    worker.onerror = event => done({error: String(event.message)}); \
    worker.onmessage = event => { \
        if (event.data.outcome === undefined) return; \
        const now = performance.now(); \
        if (event.data.number === 0) { began = now; ask(1, '\"ReadListing\"', [file]); } \
        else if (event.data.number === 1) { read = now; ask(2, plan, []); } \
        else done({read: read - began, plan: now - read, outcome: event.data.outcome}); }; \
    ask(0, '\"Greet\"', []);";

/// Browsers that plan for the first time; the medians of what they take count.
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let files = std::env::args()
        .nth(1)
        .map_or(Ok(FILES), |files| files.parse())?;
    let folder = tempfile::tempdir()?;
    let scan = folder.path().join("film.argosy-scan");
    write_scan(&scan, files)?;
    println!(
        "{files} files, a scan of {} MB:",
        scan.metadata()?.len() / 1_000_000
    );
    let (mut read, mut plan, mut megabytes) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..ROUNDS {
        let Some(browser) = Browser::start(800, 600).await? else {
            return Ok(());
        };
        let round = Round::of(&browser, &scan, files).await?;
        println!(
            "  read by the worker in {:.2} s, planned in {:.2} s; peak memory of its process: {:.0} MB",
            round.read, round.plan, round.megabytes
        );
        read.push(round.read);
        plan.push(round.plan);
        megabytes = megabytes.max(round.megabytes);
        browser.close().await?;
    }
    let (read, plan) = (median(read), median(plan));
    println!("  medians: read in {read:.2} s, planned in {plan:.2} s");
    if files == FILES {
        at_most("plan of 10 M files in Chromium", "s", 2.0, plan);
        at_most(
            "plan of 10 M files in Chromium, peak memory of its process",
            "MB",
            1074.0,
            megabytes,
        );
    }
    let Some(browser) = Browser::start(800, 600).await? else {
        return Ok(());
    };
    let longest = longest_of_page(&browser, &scan).await?;
    println!("  longest task of the page meanwhile, of those from 50 ms on: {longest:.0} ms");
    if files == FILES {
        at_most(
            "plan of 10 M files in Chromium, the page's longest task (0: none of 50 ms)",
            "ms",
            50.0,
            longest,
        );
    }
    browser.close().await
}

/// What a browser took that was just started.
struct Round {
    /// Seconds.
    read: f64,
    /// Seconds.
    plan: f64,
    megabytes: f64,
}

impl Round {
    async fn of(browser: &Browser, scan: &Path, files: u64) -> Result<Self> {
        open_one_file(browser).await?;
        browser.client.execute(CHOOSE, vec![]).await?;
        let input = browser.client.find(Locator::Css("#measured")).await?;
        input
            .send_keys(scan.to_str().context("a path of text")?)
            .await?;
        let plan = json!({"Plan": {
            "session": "s-1",
            "destination": "film/",
            "content_md5": false,
            "take_proposals": false,
            "drives": [{"serial": "D", "bytes": 8_000_000_000_000_u64, "sector_bytes": 512}],
            "as_many_as_needed": true,
        }});
        let asked = vec![Value::String(plan.to_string())];
        let found = browser.client.execute_async(MEASURE, asked).await?;
        let outcome = found["outcome"]
            .as_str()
            .with_context(|| found.to_string())?;
        let outcome: Value = serde_json::from_str(outcome)?;
        ensure!(
            outcome["Planned"]["files"] == files,
            "not planned: {outcome}"
        );
        let seconds = |name: &str| found[name].as_f64().unwrap_or(f64::NAN) / 1000.0;
        Ok(Self {
            read: seconds("read"),
            plan: seconds("plan"),
            megabytes: f64::from(u32::try_from(largest_process()? / 1_000_000)?),
        })
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Has a person's page plan the file; returns the milliseconds of its longest task.
async fn longest_of_page(browser: &Browser, scan: &Path) -> Result<f64> {
    open_one_file(browser).await?;
    watch_tasks(browser).await?;
    browser.wait("#container").await?.send_keys("film").await?;
    let input = browser.client.find(Locator::Css("#listing-file")).await?;
    input
        .send_keys(scan.to_str().context("a path of text")?)
        .await?;
    browser.wait_for_text("#plan-sentence", "drives").await?;
    // What is drawn now is drawn before a moment has passed.
    tokio::time::sleep(Duration::from_secs(1)).await;
    longest_task(browser).await
}

fn write_scan(path: &Path, files: u64) -> Result<()> {
    let mut listing = Listing::new();
    for number in 0..files {
        let folder = number / 1000;
        let path = format!("reel-{:03}/clip-{folder:06}/A{number:08}.dpx", folder / 100);
        let bytes = 1_000 + number * 7919 % 13_000_000;
        listing.push(&path, bytes, FileTime(0), Kind::File)?;
    }
    let mut reply = ScanReply {
        has_listing: true,
        ..ScanReply::default()
    };
    reply.counts.files = files;
    let mut out = BufWriter::new(File::create(path)?);
    out.write_all(&scan_head(&reply)?)?;
    Columns::new(&listing).try_for_each(|group| out.write_all(&group))?;
    Ok(out.flush()?)
}

/// Returns the most memory that any of the browser's page processes has had, in bytes.
fn largest_process() -> Result<u64> {
    let mut largest = 0;
    for process in fs::read_dir("/proc")?.flatten() {
        let command = fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
        if !command.contains("--type=renderer") {
            continue;
        }
        let status = fs::read_to_string(process.path().join("status")).unwrap_or_default();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        largest = largest.max(peak.map_or(Ok(0), str::parse::<u64>)? * 1024);
    }
    Ok(largest)
}
