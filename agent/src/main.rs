//! The command `argosy`: parses, runs, and ends with the exit code that the design promises.

use std::process::ExitCode;

fn main() -> ExitCode {
    agent::core_dumps::switch_off();
    agent::cli::run(std::env::args_os())
}
