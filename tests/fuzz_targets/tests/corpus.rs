//! Every input that was ever worth keeping, given to its target again.

use std::fs;
use std::path::{Path, PathBuf};

use fuzz_targets::TARGETS;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// A target panics when an input makes it; the test's output then names the input last.
#[test]
fn no_input_of_the_corpus_is_a_finding_any_more() {
    for target in TARGETS {
        let mut files: Vec<PathBuf> = fs::read_dir(corpus().join(target.name))
            .expect("every target has a corpus")
            .map(|entry| entry.expect("readable").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{} has no corpus", target.name);
        for file in files {
            eprintln!("{}", file.display());
            (target.run)(&fs::read(&file).expect("readable"));
        }
    }
}

#[test]
fn the_fuzzer_has_the_targets_of_the_list_and_no_others() {
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(corpus().join(folder)).expect("a folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("readable").path())
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .collect();
        names.sort();
        names
    };
    let listed: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names("."), listed, "folders of the corpus");
    assert_eq!(names("../fuzz_targets"), listed, "programs");
    let manifest = fs::read_to_string(corpus().join("../Cargo.toml")).expect("readable");
    for name in listed {
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name} is not in fuzz/Cargo.toml"
        );
    }
}
