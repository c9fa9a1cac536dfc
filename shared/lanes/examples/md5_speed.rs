//! MD5 of many pieces at once beside the `md-5` crate: GB per second of processor time.
//!
//! `cargo run --release -p lanes --example md5_speed`
#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a stopwatch, not part of the library"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use lanes::Backend;
use md5::{Digest, Md5};

const ROUNDS: usize = 7;
const MIB: usize = 1 << 20;

/// What is wanted beside md-5, whole blocks side by side, by the lanes of the processor.
const fn goal(lanes: usize) -> u32 {
    match lanes {
        16.. => 10,
        8..16 => 3,
        _ => 1,
    }
}

fn main() {
    let small = (0..512).map(|index| 4096 + (index * 7919) % 61_440);
    let batches: [(&str, Vec<usize>); 7] = [
        ("64 pieces of 4 MiB", vec![4 * MIB; 64]),
        ("32 pieces of 4 MiB", vec![4 * MIB; 32]),
        ("16 pieces of 4 MiB", vec![4 * MIB; 16]),
        ("8 pieces of 4 MiB", vec![4 * MIB; 8]),
        ("1 piece of 4 MiB", vec![4 * MIB]),
        ("512 pieces of 4-64 KiB", small.collect()),
        ("4096 pieces of 4 KiB", vec![4096; 4096]),
    ];
    println!(
        "GB per second, best of {ROUNDS} rounds (this processor: {} lanes)",
        lanes::lanes()
    );
    for (name, lengths) in batches {
        let messages: Vec<Vec<u8>> = lengths.iter().map(|length| vec![0x5a; *length]).collect();
        let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let bytes = lengths.iter().sum();
        println!("{name}");
        let plain = || {
            slices
                .iter()
                .map(|message| Md5::digest(message).into())
                .collect::<Vec<[u8; 16]>>()
        };
        let theirs = report("md-5", bytes, || drop(black_box(plain())));
        for backend in Backend::available() {
            let ours = report(&backend.to_string(), bytes, || {
                drop(black_box(backend.digest_many(&slices)))
            });
            // Blocks of a few long files fill the lanes; so do many short files, for their whole Content-MD5.
            let goal = match name {
                "32 pieces of 4 MiB" => goal(backend.lanes()),
                "512 pieces of 4-64 KiB" if backend.lanes() > 1 => 5,
                _ => continue,
            };
            if backend == Backend::best() {
                let ratio = hundredths(theirs.as_nanos(), ours.as_nanos());
                println!(
                    "ROW\tMD5, {name}, {backend}\ttimes md-5\t>=\t{goal}\t{}.{:02}",
                    ratio / 100,
                    ratio % 100
                );
            }
        }
    }
}

/// Returns how many hundredths of `one` the other is.
fn hundredths(one: u128, other: u128) -> u128 {
    (one * 100).checked_div(other).unwrap_or(0)
}

/// Prints and returns the best of all rounds.
fn report(name: &str, bytes: usize, mut hash: impl FnMut()) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        hash();
        best = best.min(start.elapsed());
    }
    let nanoseconds = u64::try_from(best.as_nanos()).unwrap_or(u64::MAX);
    let hundredths = u64::try_from(bytes).unwrap_or(u64::MAX) * 100 / nanoseconds;
    println!("  {name:20} {}.{:02}", hundredths / 100, hundredths % 100);
    best
}
