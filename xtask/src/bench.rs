//! `cargo xtask bench`: speed as ratios to named rivals, measured in one run.

use anyhow::Result;

use crate::{shell, single_file};

/// Runs the benches named in `rest`, or all: hashes and ciphers beside their plain crates, layouts and packings, whole drives
/// beside `dd`, a scan beside `du`, `fd` and `rclone`, a drive brought home beside dislocker and ntfs-3g, a drive into a
/// store and out of it beside `rclone`, the page in Chromium
/// beside a plain crate.
///
/// # Errors
/// When one cannot be built or fails.
pub(crate) fn bench(rest: &[&str]) -> Result<()> {
    let all: [(&str, &str); 10] = [
        ("lanes", "md5_speed"),
        ("bitlocker_image", "cipher_speed"),
        ("ntfs_image", "layout_memory"),
        ("shared", "packing_speed"),
        ("shared", "plan_memory"),
        ("tests", "drive_speed"),
        ("tests", "scan_speed"),
        ("tests", "unpack_speed"),
        ("tests", "store_speed"),
        ("tests", "page_speed"),
    ];
    for (package, example) in all {
        if rest.is_empty() || rest.contains(&example) {
            eprintln!("\n=== {package}: {example}");
            let mut cargo = shell::cargo();
            cargo.args(["run", "--quiet", "--package", package]);
            cargo.args(["--example", example]);
            if example == "page_speed" {
                // What is measured is the page, which is built for that; what asks it need not be quick.
                let page = single_file::build_measuring()?;
                cargo.env("ARGOSY_SITE", page.parent().unwrap_or(&page));
            } else {
                cargo.arg("--release");
            }
            shell::run(&mut cargo)?;
        }
    }
    Ok(())
}
