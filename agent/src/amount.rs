//! Amounts as the terminal shows them, and sentences that the page shows too.

/// Returns a size in three digits: `9.41 TB`.
pub(crate) fn show_size(bytes: u64) -> String {
    let mut scale = 1_u64;
    for unit in ["B", "kB", "MB", "GB", "TB"] {
        let next = scale.saturating_mul(1000);
        // 999.5 of a unit would show as 1000 of it.
        if bytes < next.saturating_sub(scale / 2) || unit == "TB" {
            let hundredths = u128::from(bytes)
                .saturating_mul(100)
                .checked_div(u128::from(scale));
            let hundredths = hundredths.unwrap_or(0);
            let (whole, cents) = (hundredths / 100, hundredths % 100);
            return match (scale, whole) {
                (1, _) => format!("{bytes} B"),
                (_, 0..10) => format!("{whole}.{cents:02} {unit}"),
                (_, 10..100) => format!("{whole}.{} {unit}", cents / 10),
                _ => format!("{whole} {unit}"),
            };
        }
        scale = next;
    }
    format!("{bytes} B")
}

/// Returns a number of files: `1 file`, `3 files`.
pub(crate) fn show_files(files: u64) -> String {
    if files == 1 {
        "1 file".to_owned()
    } else {
        format!("{files} files")
    }
}
