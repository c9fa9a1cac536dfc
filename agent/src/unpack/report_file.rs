//! A file with a row for everything: each file that is home, each finding.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::found::{Row, Rows};

/// A report being written; it has its name once it is whole, and is gone when it is dropped before.
pub struct ReportFile {
    /// None for a file that has no name.
    path: Option<PathBuf>,
    is_json: bool,
    written: Mutex<Option<Written>>,
}

struct Written {
    out: BufWriter<File>,
    /// The first thing that went wrong.
    failed: Option<io::Error>,
    rows: u64,
}

const CSV_HEADER: &str = "drive,status,file,blob,place,bytes,code,message,offset\r\n";

impl ReportFile {
    /// Begins a report: JSON where the name ends so, and else CSV.
    ///
    /// # Errors
    /// The operating system's word.
    pub fn create(path: &Path) -> io::Result<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_json = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        Self::begin(Some(path), is_json, File::create(part_of(path))?)
    }

    /// Begins a report in a file that has no name: CSV, of which [`ReportFile::into_file`] is the end.
    ///
    /// # Errors
    /// The operating system's word.
    pub fn unnamed(file: File) -> io::Result<Self> {
        Self::begin(None, false, file)
    }

    fn begin(path: Option<&Path>, is_json: bool, file: File) -> io::Result<Self> {
        let mut out = BufWriter::new(file);
        let start = if is_json { "{\"rows\":[" } else { CSV_HEADER };
        out.write_all(start.as_bytes())?;
        let written = Written {
            out,
            failed: None,
            rows: 0,
        };
        Ok(Self {
            path: path.map(Path::to_owned),
            is_json,
            written: Mutex::new(Some(written)),
        })
    }

    /// Ends the report; `summary` is what the command itself says, and stands in JSON behind the
    /// rows.
    ///
    /// # Errors
    /// The operating system's word, now or earlier.
    pub fn finish(self, summary: &Value) -> io::Result<()> {
        let mut held = self.lock();
        let Some(written) = held.as_mut() else {
            return Ok(());
        };
        if let Some(failed) = written.failed.take() {
            return Err(failed);
        }
        if self.is_json {
            write!(written.out, "\n],\n\"summary\":{summary}}}\n")?;
        }
        written.out.flush()?;
        written.out.get_ref().sync_all()?;
        if let Some(path) = &self.path {
            std::fs::rename(part_of(path), path)?;
        }
        // It is whole, so that dropping takes nothing away.
        *held = None;
        Ok(())
    }

    /// Ends a report that has no name; returns its file.
    ///
    /// # Errors
    /// The operating system's word, now or earlier.
    pub fn into_file(self) -> io::Result<File> {
        let written = self.lock().take();
        let mut written = written.ok_or_else(|| io::Error::other("it was ended before"))?;
        if let Some(failed) = written.failed.take() {
            return Err(failed);
        }
        let file = written.out.into_inner();
        file.map_err(io::IntoInnerError::into_error)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Written>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ReportFile {
    fn drop(&mut self) {
        if self.lock().is_some()
            && let Some(path) = &self.path
        {
            // Nobody takes it for a report, should it stay.
            let _ = std::fs::remove_file(part_of(path));
        }
    }
}

impl Rows for ReportFile {
    fn row(&self, row: &Row<'_>) {
        let mut written = self.lock();
        let Some(written) = written.as_mut() else {
            return;
        };
        let line = if self.is_json {
            let comma = if written.rows == 0 { "\n" } else { ",\n" };
            // Text and numbers always become JSON.
            format!("{comma}{}", serde_json::to_string(row).unwrap_or_default())
        } else {
            csv_line(row)
        };
        written.rows = written.rows.saturating_add(1);
        if written.failed.is_none()
            && let Err(error) = written.out.write_all(line.as_bytes())
        {
            written.failed = Some(error);
        }
    }
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

fn csv_line(row: &Row<'_>) -> String {
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    let (bytes, offset) = (number(row.bytes), number(row.offset));
    let fields = [
        row.drive,
        row.status,
        row.file,
        row.blob,
        &row.place,
        &bytes,
        row.code,
        row.message,
        &offset,
    ];
    let mut line = fields.map(quoted).join(",");
    line.push_str("\r\n");
    line
}

/// Quotes what needs it. A field that a spreadsheet would take for a formula is text with a `'` in
/// front: names on a drive are a stranger's.
fn quoted(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if is_formula { "'" } else { "" };
    if is_formula || field.contains(['"', ',', '\n', '\r']) {
        return format!("\"{guard}{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}
