//! The table, and its place in the README.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

use super::row::Row;
use crate::shell;

const BEGIN: &str = "<!-- performance: written by `cargo xtask bench --readme` -->\n";
const END: &str = "<!-- /performance -->\n";

/// Returns the table of all parts that were measured, in order.
pub(super) fn table(results: &Map<String, Value>, parts: &[&str]) -> String {
    let mut text = String::from("| work | unit | goal | here | |\n|---|---|---|---|---|\n");
    for part in parts {
        let rows = results.get(*part).and_then(|part| part["rows"].as_array());
        for row in rows.into_iter().flatten().filter_map(Row::of_object) {
            text.push_str(&row.line());
            text.push('\n');
        }
    }
    text
}

/// Writes the README's table.
///
/// # Errors
/// When nothing was measured, or the README has no place for it.
pub(super) fn write(results: &Map<String, Value>, parts: &[&str]) -> Result<()> {
    ensure!(
        !results.is_empty(),
        "nothing was measured yet: cargo xtask bench"
    );
    let path = shell::root().join("README.md");
    let readme = std::fs::read_to_string(&path)?;
    let measured = format!("{}\n{}", machines(results, parts), table(results, parts));
    std::fs::write(&path, between(&readme, &measured)?)?;
    Ok(())
}

/// Returns `readme` with `measured` between the two marks.
fn between(readme: &str, measured: &str) -> Result<String> {
    let (before, rest) = readme
        .split_once(BEGIN)
        .context("the README has no mark where the table begins")?;
    let (_, after) = rest
        .split_once(END)
        .context("the README has no mark where the table ends")?;
    Ok(format!("{before}{BEGIN}{measured}{END}{after}"))
}

/// Returns what the parts were measured on: one line for all that agree.
fn machines(results: &Map<String, Value>, parts: &[&str]) -> String {
    let mut lines: Vec<(String, Vec<&str>, Vec<f64>)> = Vec::new();
    for part in parts {
        let Some(machine) = results.get(*part).map(|part| &part["machine"]) else {
            continue;
        };
        let word = |name: &str| machine[name].as_str().unwrap_or_default();
        let line = format!(
            "{}, {} of its processors, {} GiB, Linux {}; {}, {}; Argosy {}",
            word("processor"),
            machine["processors"],
            machine["memory_gib"],
            word("kernel"),
            word("rustc"),
            word("openssl"),
            word("commit"),
        );
        let when = word("when").split(' ').next().unwrap_or_default();
        let line = format!("{line}, {when}");
        let load: f64 = word("load").parse().unwrap_or(0.0);
        match lines.iter_mut().find(|(known, ..)| *known == line) {
            Some((_, names, loads)) => {
                names.push(part);
                loads.push(load);
            }
            None => lines.push((line, vec![part], vec![load])),
        }
    }
    let is_one = lines.len() == 1;
    let lines = lines.into_iter().map(|(line, names, loads)| {
        let most = loads.iter().copied().fold(0.0, f64::max);
        let of = if is_one {
            String::new()
        } else {
            format!(" ({})", names.join(", "))
        };
        format!("Measured on {line}{of}. The machine's load before a part was {most:.1} at most.\n")
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_written_anew() {
        let readme = format!("# A\n{BEGIN}old\n{END}## B\n");
        let written = between(&readme, "new\n").expect("it has both marks");
        assert_eq!(written, format!("# A\n{BEGIN}new\n{END}## B\n"));
        assert!(between("# A\n", "new\n").is_err());
    }
}
