//! Server-sent events out of the pieces that a streaming request gives.
//! Source: HTML standard, section 9.2.6 "Interpreting an event stream"; only `data` is used here.

/// More than this in one event without an end is not ours.
const EVENT_BYTES_MAX: usize = 16 << 20;

/// Collects pieces of the stream and gives the data of each whole event.
#[derive(Debug, Default)]
pub struct EventStream {
    line: Vec<u8>,
    data: String,
    after_return: bool,
}

impl EventStream {
    /// Takes the next piece; returns the data of every event that ends in it.
    pub fn push(&mut self, piece: &[u8]) -> Vec<String> {
        let mut events = Vec::new();
        for &byte in piece {
            let ends = match byte {
                b'\n' if self.after_return => {
                    self.after_return = false;
                    continue;
                }
                b'\n' => true,
                b'\r' => {
                    self.after_return = true;
                    true
                }
                _ => {
                    self.line.push(byte);
                    false
                }
            };
            if byte != b'\r' {
                self.after_return = false;
            }
            if ends {
                events.extend(self.end_line());
            } else if self.line.len() > EVENT_BYTES_MAX {
                self.line.clear();
            }
        }
        events
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return (!data.is_empty()).then_some(data);
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        if field == "data" && self.data.len() < EVENT_BYTES_MAX {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(value.strip_prefix(' ').unwrap_or(value));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_at_its_empty_line_wherever_the_pieces_are_cut() {
        let stream =
            b"id:1\ndata:{\"a\":1}\n\n:comment\n\ndata: two\r\ndata: lines\r\n\r\ndata:cut";
        for cut in 0..stream.len() {
            let (first, second) = stream.split_at(cut);
            let mut events = EventStream::default();
            let mut found = events.push(first);
            found.extend(events.push(second));
            assert_eq!(found, ["{\"a\":1}", "two\nlines"], "cut at {cut}");
        }
    }

    #[test]
    fn a_comment_alone_is_no_event() {
        assert!(EventStream::default().push(b":\n\n:\n\n").is_empty());
    }
}
