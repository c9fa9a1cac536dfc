//! How fast the page deciphers a drive in Chromium, beside the plain crate compiled the same way, in one run.
//!
//! `cargo xtask bench page_speed` builds the page with its measurement and runs this.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::browser::Browser;
use tests::page::open_one_file;
use tests::rows;

/// Starts the page's own worker, as the page does, and asks it.
const MEASURE: &str = "const done = arguments[arguments.length - 1]; \
    const text = id => document.getElementById(id).textContent; \
    const script = `globalThis.argosyWasm = '${text('wasm').trim()}';\\n${text('program')}`; \
    const worker = new Worker(URL.createObjectURL(new Blob([script], {type: 'text/javascript'}))); \
    worker.onerror = event => done(String(event.message)); \
    worker.onmessage = event => done(event.data.outcome); \
    worker.postMessage({number: 0, task: '\"Measure\"', files: []});";

#[tokio::main]
async fn main() -> Result<()> {
    let Some(browser) = Browser::start(800, 600).await? else {
        return Ok(());
    };
    open_one_file(&browser).await?;
    let outcome = browser.client.execute_async(MEASURE, vec![]).await?;
    let outcome = outcome.as_str().context("the worker says nothing")?;
    let outcome: Value = serde_json::from_str(outcome).with_context(|| outcome.to_owned())?;
    let measured = outcome["Saved"].as_str().context("it was not measured")?;
    let measured: Value = serde_json::from_str(measured)?;
    ensure!(
        measured["equal"] == true,
        "they decipher to other bytes: {measured}"
    );
    let number = |name: &str| measured[name].as_f64().unwrap_or(0.0);
    println!("XTS-AES-128, sectors of 512 bytes, 8 MiB at once, in a worker of Chromium:");
    println!(
        "  xts-mode, in WebAssembly        {:7.0} MB/s",
        number("xts_mode_mb_s")
    );
    println!(
        "  our batches, in WebAssembly     {:7.0} MB/s  {:4.1} times as fast",
        number("batches_mb_s"),
        number("batches_ratio")
    );
    println!(
        "  the browser's AES (WebCrypto)   {:7.0} MB/s  {:4.1} times as fast",
        number("browser_mb_s"),
        number("browser_ratio")
    );
    println!(
        "  a journal checked with its key  {:7.0} ms",
        number("key_ms")
    );
    let work = "XTS-AES-128 read in the browser";
    rows::at_least(
        work,
        "times xts-mode, in WebAssembly",
        4.0,
        number("batches_ratio"),
    );
    rows::at_least(
        work,
        "times as fast through WebCrypto as in WebAssembly",
        3.0,
        number("browser_mb_s") / number("batches_mb_s"),
    );
    rows::only(work, "MB/s through WebCrypto", number("browser_mb_s"));
    rows::at_most(
        "recovery key unlocks, in the browser",
        "seconds",
        1.0,
        number("key_ms") / 1000.0,
    );
    browser.close().await
}
