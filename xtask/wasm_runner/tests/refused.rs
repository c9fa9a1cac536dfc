//! The runner as cargo starts it.

use std::process::Command;

#[test]
fn a_program_that_is_not_there_fails_in_words() -> anyhow::Result<()> {
    let run = Command::new(env!("CARGO_BIN_EXE_wasm_runner"))
        .arg("no such program.wasm")
        .output()?;
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(
        !run.status.success() && said.contains("failed to read Wasm file"),
        "{said}"
    );
    Ok(())
}
