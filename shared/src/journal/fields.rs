//! Fields of a record, taken in their order and typed.

use super::framing::Value;
use super::text;
use crate::hash::{from_hex, lower_hex};

/// Collects fields to write.
#[derive(Default)]
pub(super) struct Writer(Vec<(String, Value)>);

impl Writer {
    pub(super) fn activity(id: &str) -> Self {
        Self::default().word("ActivityId", id)
    }

    /// A value that is ours and needs no escape.
    pub(super) fn word(mut self, name: &str, value: &str) -> Self {
        self.0
            .push((name.to_owned(), Value::Line(value.to_owned())));
        self
    }

    /// A value that came from elsewhere.
    pub(super) fn text(self, name: &str, value: &str) -> Self {
        let line = text::escaped(value);
        self.word(name, &line)
    }

    /// A word that is there only under a condition.
    pub(super) fn word_if(self, is_there: bool, name: &str, value: &str) -> Self {
        if is_there {
            self.word(name, value)
        } else {
            self
        }
    }

    pub(super) fn number(self, name: &str, value: u64) -> Self {
        self.word(name, &value.to_string())
    }

    pub(super) fn hash(self, name: &str, value: &[u8]) -> Self {
        self.word(name, &lower_hex(value))
    }

    pub(super) fn block(mut self, name: &str, lines: Vec<String>) -> Self {
        self.0.push((name.to_owned(), Value::Block(lines)));
        self
    }

    pub(super) fn done(self) -> Vec<(String, Value)> {
        self.0
    }
}

/// Takes fields in the order in which they must stand; every fault is a sentence.
pub(super) struct Reader<'a> {
    fields: std::slice::Iter<'a, (String, Value)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(fields: &'a [(String, Value)]) -> Self {
        Self {
            fields: fields.iter(),
        }
    }

    pub(super) fn word(&mut self, name: &str) -> Result<&'a str, String> {
        match self.fields.next() {
            Some((found, Value::Line(value))) if found == name => Ok(value),
            Some((found, _)) => Err(format!("field {name} expected, {found} found")),
            None => Err(format!("field {name} is missing")),
        }
    }

    pub(super) fn block(&mut self, name: &str) -> Result<&'a [String], String> {
        match self.fields.next() {
            Some((found, Value::Block(lines))) if found == name => Ok(lines),
            _ => Err(format!(
                "field {name} with a value of several lines expected"
            )),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, String> {
        text::unescaped(self.word(name)?)
            .ok_or_else(|| format!("field {name} holds a wrong escape"))
    }

    pub(super) fn number(&mut self, name: &str) -> Result<u64, String> {
        let word = self.word(name)?;
        let number: Option<u64> = word.parse().ok();
        number
            .filter(|number| number.to_string() == word)
            .ok_or_else(|| format!("field {name} is no number"))
    }

    pub(super) fn hash<const N: usize>(&mut self, name: &str) -> Result<[u8; N], String> {
        from_hex(self.word(name)?).ok_or_else(|| format!("field {name} is no hash of {N} bytes"))
    }

    /// A word that `parse` knows.
    pub(super) fn one_of<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, String> {
        let word = self.word(name)?;
        parse(word).ok_or_else(|| {
            format!(
                "field {name} is \"{}\", which this version does not know",
                text::cut(word, 80)
            )
        })
    }

    /// Returns whether all fields have been taken.
    pub(super) fn is_over(&self) -> bool {
        self.fields.as_slice().is_empty()
    }

    /// All fields must have been taken.
    pub(super) fn end(mut self) -> Result<(), String> {
        match self.fields.next() {
            None => Ok(()),
            Some((found, _)) => Err(format!("field {found} is one too many")),
        }
    }
}
