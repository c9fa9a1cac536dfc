//! What the script inside said: `@@ name`, what the command printed, `@= exit code`; and `@! word`, which the host waits
//! for and which may stand anywhere.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::source::Contents;

/// The end of one command inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its exit code.
    pub code: i32,
    /// What it printed on standard output.
    pub output: String,
}

/// The ends of all commands that the script ran, by the names that it gave them.
#[derive(Debug, Default)]
pub struct Answers(BTreeMap<String, Answer>);

impl Answers {
    /// Reads what came over the line; what a command printed when the machine stopped has no end and is left out.
    ///
    /// # Errors
    /// When an exit code is no number.
    pub fn parse(text: &str) -> Result<Self> {
        let mut answers = BTreeMap::new();
        let mut open: Option<(String, String)> = None;
        // A serial line ends lines its own way.
        for line in text.lines().map(|line| line.trim_end_matches('\r')) {
            if let Some(name) = line.strip_prefix("@@ ") {
                open = Some((name.to_owned(), String::new()));
            } else if let Some(code) = line.strip_prefix("@= ") {
                let code = code
                    .parse()
                    .with_context(|| format!("no exit code: {code:?}"))?;
                if let Some((name, output)) = open.take() {
                    answers.insert(name, Answer { code, output });
                }
            } else if line.starts_with("@! ") {
                // The host has seen it.
            } else if let Some((_, output)) = &mut open {
                output.push_str(line);
                output.push('\n');
            }
        }
        Ok(Self(answers))
    }

    /// Returns how the command of this name ended.
    ///
    /// # Errors
    /// When it did not run to its end.
    pub fn of(&self, name: &str) -> Result<&Answer> {
        self.0
            .get(name)
            .with_context(|| format!("no answer named {name}; there are {:?}", self.0.keys()))
    }

    /// Makes sure that the kernel's own BitLocker and NTFS drivers read every file as it was in the source, and no other.
    ///
    /// # Errors
    /// When they did not.
    pub fn kernel_read(&self, source: &Contents) -> Result<()> {
        for name in ["unlocked", "opened"] {
            let answer = self.of(name)?;
            ensure!(answer.code == 0, "{name} ended with {}", answer.code);
        }
        let sums = self.of("sums")?;
        ensure!(sums.code == 0, "a file cannot be read: {}", sums.output);
        let lines = sums.output.lines().filter_map(|line| line.split_once("  "));
        let found: BTreeMap<&str, &str> = lines
            .filter_map(|(sum, path)| Some((path.strip_prefix("vm-1/")?, sum)))
            .collect();
        let files = source.iter().filter(|(path, _)| !path.ends_with('/'));
        let expected: BTreeMap<&str, &str> = files
            .map(|(path, (_, sum))| (path.as_str(), sum.as_str()))
            .collect();
        ensure!(!expected.is_empty(), "there was nothing to copy");
        ensure!(
            found == expected,
            "{} files found, {} expected",
            found.len(),
            expected.len()
        );
        Ok(())
    }

    /// Returns the JSON object that the command of this name printed.
    ///
    /// # Errors
    /// When it did not end with `code`, or printed something else.
    pub fn json(&self, name: &str, code: i32) -> Result<Value> {
        let answer = self.of(name)?;
        ensure!(
            answer.code == code,
            "{name} ended with {}, not {code}: {}",
            answer.code,
            answer.output
        );
        serde_json::from_str(&answer.output)
            .with_context(|| format!("{name} printed {:?}", answer.output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_own_output_and_a_cut_one_has_none() {
        let answers =
            Answers::parse("boot\r\n@@ a\r\nx\r\n@! seen\r\n\r\n@= 3\r\n@@ b\ny\n").expect("words");
        let a = answers.of("a").expect("ended");
        assert_eq!((a.code, a.output.as_str()), (3, "x\n\n"));
        assert!(answers.of("b").is_err());
    }
}
