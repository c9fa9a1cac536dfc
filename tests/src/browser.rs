//! A real browser: Chromium, driven through chromedriver, both started and ended by the test.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::oracle;

/// How long a page may take to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser window and the programs behind it; all end when it is dropped.
pub struct Browser {
    /// The WebDriver session.
    pub client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser; `None` when there is none here and none is required.
    ///
    /// # Errors
    /// When it is required and missing, or does not start.
    pub async fn start(width: u32, height: u32) -> Result<Option<Self>> {
        if !oracle::have(&["chromium", "chromedriver"])? {
            return Ok(None);
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let profile = tempfile::tempdir()?;
        // What a browser that is killed leaves lies in its profile, and goes with it.
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .env("TMPDIR", profile.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start chromedriver")?;
        let capabilities = capabilities(profile.path(), width, height);
        let mut browser = None;
        for _ in 0..100 {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(serde_json::from_value(capabilities.clone())?);
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => {
                    browser = Some(client);
                    break;
                }
                Err(error) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    if !error.to_string().to_lowercase().contains("connect") {
                        eprintln!("chromedriver: {error}");
                    }
                }
            }
        }
        let client = browser.context("chromedriver gave no session in 10 s")?;
        Ok(Some(Self {
            client,
            driver,
            _profile: profile,
        }))
    }

    /// Waits for an element to be there and returns it.
    ///
    /// # Errors
    /// When it does not appear in time: the page's text is in the message.
    pub async fn wait(&self, css: &str) -> Result<Element> {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await;
        match found {
            Ok(element) => Ok(element),
            Err(error) => {
                let page = self.text("body").await.unwrap_or_default();
                Err(error).with_context(|| format!("no {css} on the page, which says:\n{page}"))
            }
        }
    }

    /// Waits until the text of an element contains `wanted`.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn wait_for_text(&self, css: &str, wanted: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let text = self.text(css).await.unwrap_or_default();
            if text.contains(wanted) {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                let page = self.text("body").await.unwrap_or_default();
                anyhow::bail!("{css} does not say {wanted:?} but {text:?}; the page says:\n{page}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns the text that a person sees in an element.
    ///
    /// # Errors
    /// When the element is not there.
    pub async fn text(&self, css: &str) -> Result<String> {
        Ok(self.client.find(Locator::Css(css)).await?.text().await?)
    }

    /// Clicks an element once it is there.
    ///
    /// # Errors
    /// When it does not appear or cannot be clicked.
    pub async fn click(&self, css: &str) -> Result<()> {
        self.wait(css)
            .await?
            .click()
            .await
            .with_context(|| format!("cannot click {css}"))
    }

    /// Waits until an element is there no more.
    ///
    /// # Errors
    /// When it stays.
    pub async fn gone(&self, css: &str) -> Result<()> {
        let start = Instant::now();
        while !self.client.find_all(Locator::Css(css)).await?.is_empty() {
            ensure!(start.elapsed() < Duration::from_secs(10), "{css} stays");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Runs axe-core over the page as it is now and returns its violations in words.
    ///
    /// # Errors
    /// When axe-core is not there or does not run.
    pub async fn accessibility_violations(&self) -> Result<Vec<String>> {
        let script = axe()?;
        self.client.execute(&script, vec![]).await?;
        let run = "const done = arguments[arguments.length - 1]; axe.run(document).then(done, e => done({error: String(e)}));";
        let report = self.client.execute_async(run, vec![]).await?;
        ensure!(report["error"].is_null(), "axe: {}", report["error"]);
        ensure!(
            report["passes"]
                .as_array()
                .is_some_and(|passes| passes.len() > 5),
            "axe checked nothing"
        );
        let violations = report["violations"]
            .as_array()
            .context("axe gave no violations")?;
        Ok(violations
            .iter()
            .map(|v| format!("{}: {} {}", v["id"], v["help"], v["nodes"][0]["html"]))
            .collect())
    }

    /// Puts a picture of the window into `target/screenshots`.
    ///
    /// # Errors
    /// When it cannot be taken or written.
    pub async fn screenshot(&self, name: &str) -> Result<()> {
        let folder = oracle::repository().join("target/screenshots");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(
            folder.join(format!("{name}.png")),
            self.client.screenshot().await?,
        )?;
        Ok(())
    }

    /// Emulates dark or light, as the browser's own setting, and reduced motion: what is measured then is no colour in
    /// between.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn prefer_colours(&self, scheme: &str) -> Result<()> {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]});
        self.devtools("Emulation.setEmulatedMedia", features)
            .await?;
        self.painted().await
    }

    /// Emulates a window of this size, below what a real window can shrink to.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await?;
        self.painted().await
    }

    /// Waits until the page has been painted as it now is: two frames.
    async fn painted(&self) -> Result<()> {
        let frames = "const done = arguments[arguments.length - 1]; \
            requestAnimationFrame(() => requestAnimationFrame(() => done(null)));";
        self.client.execute_async(frames, vec![]).await?;
        Ok(())
    }

    /// Sends a DevTools command.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<()> {
        self.client
            .issue_cmd(DevTools {
                command: command.to_owned(),
                parameters,
            })
            .await?;
        Ok(())
    }

    /// Ends the session.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn close(self) -> Result<()> {
        self.client.clone().close().await?;
        Ok(())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // chromedriver leads a group of its own, in which its browsers are: all of them end, whatever state the test left.
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.driver.wait();
    }
}

fn capabilities(profile: &Path, width: u32, height: u32) -> Value {
    let mut arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    arguments.push(format!("--window-size={width},{height}"));
    json!({"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}})
}

/// Returns axe-core's source text, which the Python environment of the tests holds.
fn axe() -> Result<String> {
    let python = oracle::python()?.context("axe-core comes with `cargo xtask test`")?;
    let lib = python
        .parent()
        .and_then(Path::parent)
        .context("environment")?
        .join("lib");
    for version in std::fs::read_dir(lib)? {
        let script = version?
            .path()
            .join("site-packages/axe_playwright_python/axe.min.js");
        if script.exists() {
            return Ok(std::fs::read_to_string(script)?);
        }
    }
    anyhow::bail!("no axe.min.js in the Python environment")
}

/// A DevTools command through chromedriver's own extension of WebDriver.
#[derive(Debug)]
struct DevTools {
    command: String,
    parameters: Value,
}

impl fantoccini::wd::WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }
    fn method_and_body(&self, _url: &url::Url) -> (http::Method, Option<String>) {
        (
            http::Method::POST,
            Some(json!({"cmd": self.command, "params": self.parameters}).to_string()),
        )
    }
}
