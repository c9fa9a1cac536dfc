//! The document.

use std::fmt::Write;

use super::drive::Reported;
use super::html::escaped;
use crate::job::Verdict;
use crate::words::count;

/// Black on white and nothing that a printer leaves out; a drive is never torn over two pages.
const STYLE: &str = "\
@page{size:A4;margin:18mm}\
body{font:10.5pt/1.45 system-ui,sans-serif;color:#111;background:#fff;max-width:48rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6em;margin:0 0 .2em}h2{font-size:1.15em;margin:0 0 .4em}\
section{break-inside:avoid;border-top:1px solid #999;padding:.8em 0}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.15em .8em .15em 0}\
thead th{border-bottom:1px solid #999}th[scope=row]{font-weight:500;width:12em}\
td{overflow-wrap:anywhere}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
code{font:.92em ui-monospace,monospace}.amiss{font-weight:600}\
.sign{display:grid;grid-template-columns:1fr 1fr;gap:2.4em 2em;margin-top:2.4em}.sign p{border-top:1px solid #111;margin:0;padding-top:.2em}\
@media print{body{margin:0;padding:0;max-width:none}}";

/// Returns the report of `drives` as one HTML document, for screens and paper. `title` is the person's own.
#[must_use]
pub fn page(title: &str, drives: &[Reported]) -> String {
    let title = escaped(title);
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p{}>{}</p>\n",
        if is_proven(drives) {
            ""
        } else {
            " class=\"amiss\""
        },
        escaped(&sentence(drives))
    );
    overview(&mut out, drives);
    for drive in drives {
        section(&mut out, drive);
    }
    out.push_str(
        "<p>The keys of the drives are not in this report: they are in the journals, which travel apart from the \
         drives. Anyone with the journal can compare its SHA-256 with the one here, and with the drive read all of it \
         back: <code>argosy verify</code>.</p>\n\
         <div class=\"sign\"><p>Packed by, on</p><p>Signature</p><p>Received by, on</p><p>Signature</p></div>\n\
         </main>\n</body>\n</html>\n",
    );
    out
}

fn is_proven(drives: &[Reported]) -> bool {
    let worst = Verdict::worst(
        drives
            .iter()
            .map(|drive| drive.verdict.unwrap_or(Verdict::Failed)),
    );
    worst == Some(Verdict::Verified)
}

/// The verdict over all of them, in one sentence.
fn sentence(drives: &[Reported]) -> String {
    let files = drives
        .iter()
        .map(|drive| drive.files)
        .fold(0, u64::saturating_add);
    let bytes = drives
        .iter()
        .map(|drive| drive.bytes)
        .fold(0, u64::saturating_add);
    let drives_words = match drives.len() {
        1 => "1 drive".to_owned(),
        drives => format!("{drives} drives"),
    };
    let amiss = drives
        .iter()
        .filter(|drive| drive.verdict != Some(Verdict::Verified));
    let amiss: Vec<_> = amiss.map(|drive| drive.serial.as_str()).collect();
    let all = format!(
        "{drives_words}, {} files, {} bytes",
        count(files),
        count(bytes)
    );
    if amiss.is_empty() {
        format!("{all}: all that was planned is on them and was read back.")
    } else {
        format!("{all} read back. Not so, or not all: {}.", amiss.join(", "))
    }
}

fn overview(out: &mut String, drives: &[Reported]) {
    out.push_str(
        "<table>\n<thead><tr><th scope=\"col\">Drive</th><th scope=\"col\">Verdict</th>\
         <th scope=\"col\" class=\"n\">Files</th><th scope=\"col\" class=\"n\">Bytes</th></tr></thead>\n<tbody>\n",
    );
    for drive in drives {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td{}>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escaped(&drive.serial),
            class(drive),
            verdict(drive),
            count(drive.files),
            count(drive.bytes)
        );
    }
    out.push_str("</tbody>\n</table>\n");
}

fn section(out: &mut String, drive: &Reported) {
    let _ = writeln!(
        out,
        "<section>\n<h2>{}: <span{}>{}</span></h2>\n<table>\n<tbody>",
        escaped(&drive.serial),
        class(drive),
        verdict(drive)
    );
    for (name, value) in &drive.facts {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>",
            escaped(value)
        );
    }
    out.push_str("</tbody>\n</table>\n");
    if !drive.remarks.is_empty() {
        out.push_str("<ul>\n");
        for remark in &drive.remarks {
            let _ = writeln!(out, "<li>{}</li>", escaped(remark));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</section>\n");
}

fn class(drive: &Reported) -> &'static str {
    match drive.verdict {
        Some(Verdict::Verified) => "",
        _ => " class=\"amiss\"",
    }
}

fn verdict(drive: &Reported) -> &'static str {
    match drive.verdict {
        Some(verdict) => verdict.code(),
        None => "not proven",
    }
}
