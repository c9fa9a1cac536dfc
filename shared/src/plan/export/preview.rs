//! What `PreviewExport` prints (azure-import-export.md, 6.1).

/// The counts of a preview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Lines of the blob list, each once.
    pub unique: u64,
    /// Lines that were there before.
    pub duplicates: u64,
    /// Lines that select nothing.
    pub nonexistent: u64,
    /// The size of every drive, in bytes.
    pub drive_bytes: u64,
    /// Blobs that go onto no drive.
    pub cannot: u64,
    /// Blobs on each drive, and the bytes they take there.
    pub drives: Vec<(u64, u64)>,
}

impl Preview {
    /// Returns how many blobs have a place.
    #[must_use]
    pub fn can(&self) -> u64 {
        self.drives
            .iter()
            .fold(0, |sum: u64, (blobs, _)| sum.saturating_add(*blobs))
    }

    /// Returns the lines of the Windows tool.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("Number of unique blob paths/prefixes:\t{}", self.unique),
            format!(
                "Number of duplicate blob paths/prefixes:\t{}",
                self.duplicates
            ),
            format!(
                "Number of nonexistent blob paths/prefixes:\t{}",
                self.nonexistent
            ),
            String::new(),
            format!("Drive size:\t{}", size(self.drive_bytes)),
            format!("Number of blobs that can be exported:\t{}", self.can()),
            format!("Number of blobs that cannot be exported:\t{}", self.cannot),
            format!("Number of drives needed:\t{}", self.drives.len()),
        ];
        for (number, (blobs, bytes)) in (1_u64..).zip(&self.drives) {
            let occupied = size(*bytes);
            lines.push(format!(
                "\tDrive #{number}:\tblobs = {blobs}, occupied space = {occupied}"
            ));
        }
        lines
    }
}

/// Returns a size with two decimals: `500.00 GB`. Sizes are decimal here as everywhere.
fn size(bytes: u64) -> String {
    // The published sample has GB; how the tool shows a terabyte is not known.
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)];
    let unit = UNITS.iter().find(|(_, unit)| bytes >= *unit);
    let Some((name, unit)) = unit else {
        return format!("{bytes} bytes");
    };
    let hundredths = u128::from(bytes)
        .saturating_mul(100)
        .checked_div(u128::from(*unit))
        .unwrap_or(0);
    let (whole, rest) = (hundredths.checked_div(100), hundredths.checked_rem(100));
    format!("{}.{:02} {name}", whole.unwrap_or(0), rest.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_of_the_windows_tool_comes_out_line_by_line() {
        let preview = Preview {
            unique: 3,
            duplicates: 0,
            nonexistent: 1,
            drive_bytes: 500_000_000_000,
            cannot: 2,
            drives: vec![
                (1, 454_740_000_000),
                (3, 441_370_000_000),
                (2, 131_280_000_000),
            ],
        };
        // The published sample; how wide its blanks are in the tool is not known.
        let sample = "Number of unique blob paths/prefixes:   3
Number of duplicate blob paths/prefixes:        0
Number of nonexistent blob paths/prefixes:      1

Drive size:     500.00 GB
Number of blobs that can be exported:   6
Number of blobs that cannot be exported:        2
Number of drives needed:        3
        Drive #1:       blobs = 1, occupied space = 454.74 GB
        Drive #2:       blobs = 3, occupied space = 441.37 GB
        Drive #3:       blobs = 2, occupied space = 131.28 GB";
        let shown: Vec<String> = preview.lines().iter().map(|line| expanded(line)).collect();
        assert_eq!(shown.join("\n"), sample);
    }

    /// Returns a line as a terminal shows its tabs.
    fn expanded(line: &str) -> String {
        let mut shown = String::new();
        for c in line.chars() {
            match c {
                '\t' => {
                    shown.push(' ');
                    while !shown.chars().count().is_multiple_of(8) {
                        shown.push(' ');
                    }
                }
                c => shown.push(c),
            }
        }
        shown
    }
}
