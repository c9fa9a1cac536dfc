//! The report, put on paper by a browser and read from there.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use tests::argosy::{json, text};
use tests::oracle;

#[test]
fn a_report_of_twelve_drives_prints_as_a_document_that_other_readers_read_and_holds_no_key()
-> Result<()> {
    if !oracle::have(&["chromium", "pdftotext", "pdfinfo"])? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let golden = std::fs::read(oracle::repository().join("shared/tests/golden/drive-1.jrn"))?;
    let mut arguments = vec!["report".to_owned()];
    for number in 1..=12 {
        let journal = folder.path().join(format!("reel-{number}.jrn"));
        std::fs::write(&journal, &golden)?;
        arguments.push(text(&journal).to_owned());
    }
    let (report, pdf) = (
        folder.path().join("report.html"),
        folder.path().join("report.pdf"),
    );
    arguments
        .extend(["--title", "Camera rolls & <sound>", "--to", text(&report)].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, said) = json(&arguments)?;
    assert_eq!(code, 0, "{said}");
    let serial = said["drives"][0]["serial"].as_str().context("a serial")?;

    let printed = Command::new("chromium")
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
        ])
        .arg(format!(
            "--user-data-dir={}",
            text(&folder.path().join("profile"))
        ))
        .arg(format!("--print-to-pdf={}", text(&pdf)))
        .arg(format!("file://{}", text(&report)))
        .output()?;
    ensure!(printed.status.success() && pdf.exists(), "{printed:?}");
    let words = oracle::run("pdftotext", &["-layout", text(&pdf), "-"])?;
    // Once in the table, once above its own facts, and once in them.
    assert_eq!(words.matches(serial).count(), 36, "{words}");
    assert!(words.contains("Camera rolls & <sound>"), "{words}");
    assert_eq!(words.matches("Read back").count(), 12, "{words}");
    // No drive is torn over two pages.
    for page in words.split('\u{c}') {
        let (heads, ends) = (
            page.matches("Serial").count(),
            page.matches("SHA-256 of the journal").count(),
        );
        assert_eq!(heads, ends, "{page}");
    }
    // 48 digits in groups of six.
    let journal = String::from_utf8_lossy(&golden);
    let mut words_of_journal = journal.split(|c: char| !c.is_ascii_digit() && c != '-');
    let key = words_of_journal.find(|word| word.len() == 55 && word.matches('-').count() == 7);
    let key = key.context("a key")?;
    let document = std::fs::read_to_string(&report)?;
    assert!(!document.contains(key) && !words.contains(key));
    assert!(oracle::run("pdfinfo", &[text(&pdf)])?.contains("A4"));
    // What is there is never written over.
    let (code, _) = json(&arguments)?;
    assert_eq!(code, 4);
    Ok(())
}
