//! Free text on one line, and back.

/// Returns `text` without line ends or other control characters: those, separators of lines and
/// paragraphs, marks that reorder text, and a leading `[` become `\u{...}`, a backslash is doubled.
/// So no value can look like framing, whatever a file or drive is called, and printing a journal
/// does nothing to a terminal.
pub(super) fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if c == '\\' {
            line.push_str("\\\\");
        } else if is_special(c) || (c == '[' && at == 0) {
            line.extend(c.escape_unicode());
        } else {
            line.push(c);
        }
    }
    line
}

/// Returns the text that [`escaped`] made `line` from; `None` for a line that it never makes.
pub(super) fn unescaped(line: &str) -> Option<String> {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((plain, tail)) = rest.split_once('\\') {
        text.push_str(plain);
        rest = if let Some(tail) = tail.strip_prefix('\\') {
            text.push('\\');
            tail
        } else {
            let (digits, tail) = tail.strip_prefix("u{")?.split_once('}')?;
            text.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
            tail
        };
    }
    text.push_str(rest);
    (escaped(&text) == line).then_some(text)
}

/// Returns the longest start of `text` whose escaped form has at most `bytes_max` bytes.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    if escaped(text).len() <= bytes_max {
        return text;
    }
    let mut bytes = 0_usize;
    let end = text.char_indices().find(|&(_, c)| {
        bytes = bytes.saturating_add(escaped(c.encode_utf8(&mut [0; 4])).len());
        bytes > bytes_max
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

fn is_special(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_in_a_line_looks_like_framing() {
        assert_eq!(escaped("[EndValue]"), "\\u{5b}EndValue]");
        assert_eq!(
            escaped("a\r\n[EndUpdateRecord]"),
            "a\\u{d}\\u{a}[EndUpdateRecord]"
        );
        assert_eq!(escaped("c:\\x"), "c:\\\\x");
        assert_eq!(escaped("\u{1b}[2J\u{202e}"), "\\u{1b}[2J\\u{202e}");
    }

    #[test]
    fn only_what_is_written_is_read() {
        for bad in [
            "\\",
            "\\x",
            "\\u{",
            "\\u{}",
            "\\u{d800}",
            "\\u{61}",
            "\\u{0A}",
            "\\u{+a}",
            "a\nb",
            "[x",
        ] {
            assert_eq!(unescaped(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_cut_keeps_whole_characters() {
        assert_eq!(cut("äöü", 4), "äö");
        assert_eq!(cut("a\n\n", 7), "a\n");
        assert_eq!(cut("short", 100), "short");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text: String) {
            let line = escaped(&text);
            prop_assert!(!line.contains(['\r', '\n']) && !line.starts_with('['));
            prop_assert_eq!(unescaped(&line), Some(text));
        }
    }
}
