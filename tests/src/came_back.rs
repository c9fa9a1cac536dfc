//! A drive that came back, and what a person does with it on the Receive page.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;

use crate::argosy::{json, new_drive, text};
use crate::browser::Browser;
use crate::oracle;
use crate::page::{focus_by_tab, open_one_file, press};
use crate::source::noise;

const SERIAL: &str = "BACK0001";
/// What the folder in its root is called.
pub const SESSION: &str = "back-1";
/// Opens it, besides its recovery password and its key file.
pub const PASSPHRASE: &str = " a passphrase, with blanks ";
/// What the widest and the narrowest windows are.
pub const SIZES: [(u32, u32); 4] = [(360, 1300), (768, 1100), (1440, 1200), (3840, 2160)];

/// A drive that came back: its image, its keys, and what it was filled from.
pub struct Back {
    /// Where all of it lies; its key files are in `keys`.
    pub folder: tempfile::TempDir,
    /// The image.
    pub image: PathBuf,
    /// What it was filled from.
    pub source: PathBuf,
    /// Its recovery password.
    pub password: String,
}

impl Back {
    /// Makes a drive of this size from what `fill` writes.
    ///
    /// # Errors
    /// When argosy refuses, or a file cannot be written.
    pub fn new(cipher: &str, size: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let (image, source, journals) = (at("drive.img"), at("footage"), at("journals"));
        new_drive(&image, size, SERIAL, &[])?;
        fs::create_dir_all(&journals)?;
        fs::create_dir_all(&source)?;
        fill(&source)?;
        let (passphrase, keys) = (at("passphrase"), at("keys"));
        fs::write(&passphrase, PASSPHRASE)?;
        fs::create_dir(&keys)?;
        let mut prepare = vec![
            "prepare",
            "--session",
            SESSION,
            "--to",
            "film/",
            "--show-keys",
        ];
        let places = [
            ("--journal-dir", &journals),
            ("--source", &source),
            ("--drive", &image),
            ("--passphrase-file", &passphrase),
            ("--bek", &keys),
        ];
        prepare.extend(["--cipher", cipher]);
        prepare.extend(places.iter().flat_map(|(name, place)| [*name, text(place)]));
        let (code, said) = json(&prepare)?;
        ensure!(code == 0, "prepare said {code}: {said}");
        let password = said["drives"][0]["recovery_password"].as_str();
        Ok(Self {
            image,
            source,
            password: password.context("no password")?.to_owned(),
            folder,
        })
    }

    /// A drive with a few files, of which one has several pieces.
    ///
    /// # Errors
    /// When argosy refuses, or a file cannot be written.
    pub fn small(cipher: &str) -> Result<Self> {
        Self::new(cipher, "128MB", |source| {
            fs::create_dir_all(source.join("A001/empty"))?;
            fs::write(source.join("A001/clip one.mov"), noise(19_000_001, 1))?;
            fs::write(source.join("A001/clip two.mov"), noise(5_000_000, 2))?;
            Ok(fs::write(source.join("Überblick 🎬.txt"), "Day 3")?)
        })
    }

    /// Gives the image to the page, as a person does with the button.
    ///
    /// # Errors
    /// When the page is not so, or the browser does not answer.
    pub async fn give(&self, browser: &Browser) -> Result<()> {
        let input = browser.wait("#drive-image").await?;
        Ok(input.send_keys(text(&self.image)).await?)
    }

    /// Gives the image and opens it with its recovery password.
    ///
    /// # Errors
    /// When the page is not so, or the browser does not answer.
    pub async fn open(&self, browser: &Browser) -> Result<()> {
        self.give(browser).await?;
        browser
            .wait("#drive-key")
            .await?
            .send_keys(&self.password)
            .await?;
        press(browser, Key::Enter).await?;
        browser.wait("#tree").await?;
        Ok(())
    }

    /// Goes with the arrow keys to a file of the tree, opening the folders on its way.
    ///
    /// # Errors
    /// When the page is not so, or the browser does not answer.
    pub async fn go_to(&self, browser: &Browser, path: &[&str]) -> Result<()> {
        focus_by_tab(browser, "#tree").await?;
        press(browser, Key::Home).await?;
        for (level, name) in path.iter().enumerate() {
            for _ in 0..60 {
                if chosen(browser).await? == *name {
                    break;
                }
                press(browser, Key::Down).await?;
            }
            ensure!(
                chosen(browser).await? == *name,
                "the keys do not lead to {name}"
            );
            if level + 1 < path.len() {
                press(browser, Key::Right).await?;
                browser
                    .wait(&format!("#tree [aria-level='{}']", level + 2))
                    .await?;
                press(browser, Key::Right).await?;
            }
        }
        Ok(())
    }
}

/// Returns the name on the line that a screen reader would read.
///
/// # Errors
/// When the browser does not answer.
pub async fn chosen(browser: &Browser) -> Result<String> {
    let script = "const tree = document.querySelector('#tree'); \
        return document.getElementById(tree.getAttribute('aria-activedescendant')) \
            ?.querySelector('.name').textContent ?? ''";
    let name = browser.client.execute(script, vec![]).await?;
    Ok(name.as_str().unwrap_or_default().to_owned())
}

/// Opens the page's one file at Receive.
///
/// # Errors
/// When the page is not so, or the browser does not answer.
pub async fn receive(browser: &Browser) -> Result<()> {
    open_one_file(browser).await?;
    browser.click("[data-test='nav-receive']").await?;
    browser.wait("[data-test='drive-image-drop']").await?;
    Ok(())
}

/// Returns the SHA-256 of a file, as another program has it.
///
/// # Errors
/// When sha256sum fails.
pub fn sha256(path: &Path) -> Result<String> {
    let said = oracle::run("sha256sum", &["-b", text(path)])?;
    Ok(said
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned())
}
