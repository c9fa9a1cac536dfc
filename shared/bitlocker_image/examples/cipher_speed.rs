//! Measures our sector ciphers beside the crates that do one block at a time.
//!
//! `cargo run --release -p bitlocker_image --example cipher_speed`
//!
//! The candidates take turns in one process, so that a busy machine slows them alike; the clock is
//! the thread's CPU time (Linux; elsewhere the wall clock). Printed is the median of the rounds,
//! and the median of each round's ratio.
#![expect(
    clippy::disallowed_methods,
    reason = "a program that measures reads clocks"
)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "numbers of our own, in a measurement"
)]

use std::hint::black_box;
use std::time::Instant;

use aes::{Aes128, Aes256};
use bitlocker_image::{Cipher, SectorCipher};
use cbc::cipher::{BlockModeEncrypt, InnerIvInit};
use cipher::consts::U16;
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit};
use disk::SectorSize;
use xts_mode::{Xts128, get_tweak_default};

/// Bytes handled at once: they stay in the second-level cache, as in the pipeline.
const BUFFER: usize = 256 << 10;
const ROUNDS: usize = 9;
/// Rounds last about this long each, in seconds.
const ROUND: f64 = 0.03;

fn main() {
    println!(
        "AES in hardware: {}; GB per CPU-second, one thread, {} KiB buffer",
        aes_in_hardware(),
        BUFFER >> 10
    );
    println!("cipher       sector   theirs  encrypt  decrypt    times theirs");
    for cipher in Cipher::CREATED {
        let sectors = [SectorSize::B512, SectorSize::B4096];
        let found = sectors.map(|sector| row(cipher, sector));
        let least = found
            .iter()
            .fold(f64::INFINITY, |least, found| least.min(found.times));
        let (work, rival, goal) = match cipher {
            Cipher::XtsAes128 | Cipher::XtsAes256 => {
                ("both ways, 512 and 4096-byte sectors", "xts-mode", 10)
            }
            _ => ("encrypted, 512 and 4096-byte sectors", "cbc", 8),
        };
        println!("ROW\t{cipher}, {work}\ttimes {rival}, at least\t>=\t{goal}\t{least:.3}");
        if let Some(theirs) = openssl(cipher) {
            println!("{cipher} by openssl speed, 4096 bytes at once: {theirs:.2}");
            let least = found[1].encrypt.min(found[1].decrypt);
            if goal == 10 {
                let times = least / theirs;
                println!(
                    "ROW\t{cipher}, both ways, 4096-byte sectors\ttimes openssl speed\t>=\t1.5\t{times:.3}"
                );
            }
        }
    }
}

/// Returns GB per CPU-second of OpenSSL's own measurement of one buffer of 4096 bytes; `None` where it is not there.
fn openssl(cipher: Cipher) -> Option<f64> {
    let name = match cipher {
        Cipher::XtsAes128 => "aes-128-xts",
        Cipher::XtsAes256 => "aes-256-xts",
        Cipher::CbcAes128 => "aes-128-cbc",
        _ => "aes-256-cbc",
    };
    let mut command = std::process::Command::new("openssl");
    command.args([
        "speed", "-mr", "-seconds", "1", "-bytes", "4096", "-evp", name,
    ]);
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    // +F:22:aes-128-xts:11567923200.00
    let line = text.lines().find(|line| line.starts_with("+F:"))?;
    let bytes: f64 = line.rsplit(':').next()?.trim().parse().ok()?;
    Some(bytes / 1e9)
}

/// Medians: GB per CPU-second, and how much faster the slower direction is than theirs.
struct Found {
    encrypt: f64,
    decrypt: f64,
    times: f64,
}

fn aes_in_hardware() -> &'static str {
    if aes::hardware_accelerated() {
        "yes"
    } else {
        "no"
    }
}

fn row(cipher: Cipher, sector: SectorSize) -> Found {
    let key: Vec<u8> = (0..=255).take(cipher.key_bytes()).collect();
    let ours = SectorCipher::new(cipher, &key, sector).expect("key fits");
    let mut theirs = theirs(cipher, &key, sector.bytes() as usize);
    let mut encrypt = |first: u64, bytes: &mut [u8]| ours.encrypt(first, bytes);
    let mut decrypt = |first: u64, bytes: &mut [u8]| ours.decrypt(first, bytes);
    let mut one = vec![0x5a; BUFFER];
    let mut two = one.clone();
    theirs(77, &mut one);
    encrypt(77, &mut two);
    assert!(one == two, "{cipher} {sector:?}: the ciphertexts differ");
    let mut rounds: Vec<[f64; 3]> = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push([rate(&mut theirs), rate(&mut encrypt), rate(&mut decrypt)]);
    }
    let median = |of: &dyn Fn(&[f64; 3]) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[ROUNDS / 2]
    };
    println!(
        "{:<12} {:>6} {:>8.2} {:>8.2} {:>8.2} {:>15.1}",
        cipher.to_string(),
        sector.bytes(),
        median(&|round| round[0]),
        median(&|round| round[1]),
        median(&|round| round[2]),
        median(&|round| round[1] / round[0]),
    );
    let is_xts = matches!(cipher, Cipher::XtsAes128 | Cipher::XtsAes256);
    Found {
        encrypt: median(&|round| round[1]),
        decrypt: median(&|round| round[2]),
        times: median(&|round| match is_xts {
            true => round[1].min(round[2]) / round[0],
            // Only its encrypting is one block after the other.
            false => round[1] / round[0],
        }),
    }
}

/// Returns GB per CPU-second.
fn rate(work: &mut dyn FnMut(u64, &mut [u8])) -> f64 {
    // On a page's border, as the pipeline's buffers are.
    let mut buffer = vec![0x5a; BUFFER + 4096];
    let border = buffer.as_ptr().align_offset(4096);
    let buffer = &mut buffer[border..border + BUFFER];
    let mut bytes = 0_u64;
    let start = seconds();
    loop {
        for _ in 0..32 {
            work(bytes / 512, black_box(buffer));
            bytes += BUFFER as u64;
        }
        let spent = seconds() - start;
        if spent > ROUND {
            return bytes as f64 / spent / 1e9;
        }
    }
}

/// Returns the CPU time of this thread, or else the wall clock, in seconds.
fn seconds() -> f64 {
    thread_local!(static START: Instant = Instant::now());
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = scheduled.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    match nanoseconds {
        Some(nanoseconds) if nanoseconds > 0.0 => nanoseconds / 1e9,
        _ => START.with(|start| start.elapsed().as_secs_f64()),
    }
}

type Encrypt = Box<dyn FnMut(u64, &mut [u8])>;

fn theirs(cipher: Cipher, key: &[u8], sector: usize) -> Encrypt {
    match cipher {
        Cipher::XtsAes128 => xts::<Aes128>(key, sector),
        Cipher::XtsAes256 => xts::<Aes256>(key, sector),
        Cipher::CbcAes128 => cbc::<Aes128>(key, sector),
        _ => cbc::<Aes256>(key, sector),
    }
}

fn xts<C>(key: &[u8], sector: usize) -> Encrypt
where
    C: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + 'static,
{
    let (one, two) = key.split_at(key.len() / 2);
    let aes = |key: &[u8]| C::new_from_slice(key).expect("key fits");
    let mode = Xts128::new(aes(one), aes(two));
    Box::new(move |first, bytes| {
        mode.encrypt_area(bytes, sector, first.into(), get_tweak_default);
    })
}

fn cbc<C>(key: &[u8], sector: usize) -> Encrypt
where
    C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + Clone + 'static,
{
    let aes = C::new_from_slice(key).expect("key fits");
    Box::new(move |first, bytes| {
        for (number, bytes) in (first..).zip(bytes.chunks_exact_mut(sector)) {
            let offset = u128::from(number) * sector as u128;
            let mut iv = aes::Block::from(offset.to_le_bytes());
            aes.encrypt_block(&mut iv);
            let mut mode = cbc::Encryptor::inner_iv_init(aes.clone(), &iv);
            let (blocks, _) = aes::Block::slice_as_chunks_mut(bytes);
            mode.encrypt_blocks(blocks);
        }
    })
}
