//! `cargo xtask bench`: speed as ratios to named rivals, measured in one run.

use anyhow::Result;

use crate::shell;

/// Runs the benches named in `rest`, or all: hashes and ciphers beside their plain crates, layouts and packings, whole drives
/// beside `dd`, a scan beside `du`, `fd` and `rclone`, a drive brought home beside dislocker and ntfs-3g.
///
/// # Errors
/// When one cannot be built or fails.
pub(crate) fn bench(rest: &[&str]) -> Result<()> {
    let all: [(&str, &str); 8] = [
        ("lanes", "md5_speed"),
        ("bitlocker_image", "cipher_speed"),
        ("ntfs_image", "layout_memory"),
        ("shared", "packing_speed"),
        ("shared", "plan_memory"),
        ("tests", "drive_speed"),
        ("tests", "scan_speed"),
        ("tests", "unpack_speed"),
    ];
    for (package, example) in all {
        if rest.is_empty() || rest.contains(&example) {
            eprintln!("\n=== {package}: {example}");
            shell::run(shell::cargo().args([
                "run",
                "--quiet",
                "--release",
                "--package",
                package,
                "--example",
                example,
            ]))?;
        }
    }
    Ok(())
}
