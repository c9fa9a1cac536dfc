//! `cargo xtask …`: everything a person or a build server does with this repository, with cargo alone.

use std::process::ExitCode;

mod bench;
mod check;
mod dist;
mod fuzz;
mod kernel;
mod licences;
mod miri;
mod run;
mod sample;
mod shell;
mod single_file;
mod site;
mod suite;
mod tools;

const HELP: &str = "\
cargo xtask run                  build everything, make sample data and three virtual drives, start Argosy, print its address
cargo xtask test                 install every outside tool, then run every check and test
cargo xtask test --nightly       a million schedules of the crash simulator, hours; or a part of them by seeds: 0..50000
cargo xtask tools                install every outside tool that the tests use as a judge
cargo xtask check                format, lints, licences and unit tests, without outside tools
cargo xtask web [--single-file]  build the page into target/site (or also target/site/argosy.html, one file)
cargo xtask bench [PART …]       measure speed beside named rivals: one table, and target/bench/results.json
cargo xtask bench --readme       write the README's table from what was measured last (--list names the parts)
cargo xtask fuzz [TARGET …] [--minutes N] [--keep]   hostile bytes for every parser (30 minutes each), found code kept
cargo xtask miri                 the unsafe code of shared/lanes under Miri (installs it for the nightly toolchain)
cargo xtask dist                 one static binary with the page inside, proven in an empty root directory
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["run", rest @ ..] => run::run(rest),
        ["test"] => return suite::test(),
        ["test", "--nightly"] => suite::nightly("0..1000000"),
        ["test", "--nightly", seeds] => suite::nightly(seeds),
        ["tools"] => tools::install().map(|_| ()),
        ["check"] => check::check(),
        ["web"] => site::build().map(|_| ()),
        ["web", "--single-file"] => single_file::build().map(|_| ()),
        ["bench", rest @ ..] => bench::bench(rest),
        ["fuzz", rest @ ..] => fuzz::fuzz(rest),
        ["miri"] => miri::miri(),
        ["dist"] => dist::dist(),
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
