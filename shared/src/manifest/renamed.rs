//! The name of a blob whose name is taken.

/// Returns the name that the service tries next for a blob that is to be renamed: ` (2)` at its end, or before its last
/// dot; then `(3)` and so on. The rule speaks of the whole blob name, folders included (azure-import-export.md, 2.2).
#[must_use]
pub fn renamed(name: &str, number: u64) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem} ({number}).{extension}"),
        None => format!("{name} ({number})"),
    }
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn the_number_stands_at_the_end_or_before_the_last_dot() {
        for (name, number, new) in [
            ("Seattle.jpg", 2, "Seattle (2).jpg"),
            ("BlobNameWithoutDot", 2, "BlobNameWithoutDot (2)"),
            ("a/b.tar.gz", 3, "a/b.tar (3).gz"),
            (".hidden", 2, " (2).hidden"),
        ] {
            assert_eq!(renamed(name, number), new);
        }
    }
}
