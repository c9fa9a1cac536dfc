//! `cargo xtask miri`: the unsafe code that Miri can run, run by it.
//!
//! That is `shared/lanes`: its loads and stores of whole vectors, once for each width. The other unsafe blocks are two calls
//! of the operating system (`agent/src/device/linux`), which Miri cannot make.

use anyhow::Result;

use crate::shell;

/// Instruction sets that the lanes have code of their own for, as rustc calls them.
const WIDTHS: [&str; 2] = [
    "+avx2,+aes,+pclmulqdq,+vaes,+vpclmulqdq",
    "+avx2,+aes,+pclmulqdq,+vaes,+vpclmulqdq,+avx512f,+avx512vl,+avx512bw",
];
/// The `aes` crate, which AES is compared with, has instructions that Miri does not know, unless it is told not to.
const ORACLE: &str = "--cfg aes_backend=\"soft\"";

/// Installs Miri for the nightly toolchain, as rustup does it, and runs the tests of the lanes under it.
///
/// # Errors
/// When Miri cannot be installed, or finds something.
pub(crate) fn miri() -> Result<()> {
    let mut install = shell::program("rustup");
    install.args([
        "component",
        "add",
        "--toolchain",
        "nightly",
        "miri",
        "rust-src",
    ]);
    shell::run(&mut install)?;
    for width in WIDTHS {
        println!("Miri: lanes, {width}");
        let mut cargo = shell::program("cargo");
        cargo
            .args(["+nightly", "miri", "test", "-p", "lanes", "--lib"])
            .env_remove("RUSTUP_TOOLCHAIN")
            .env("CARGO_TARGET_DIR", shell::target("miri"))
            .env("RUSTFLAGS", format!("-Ctarget-feature={width} {ORACLE}"))
            // Random cases are drawn with what the system gives; few, for Miri is slow.
            .env("MIRIFLAGS", "-Zmiri-disable-isolation")
            .env("PROPTEST_CASES", "4");
        shell::run(&mut cargo)?;
    }
    Ok(())
}
