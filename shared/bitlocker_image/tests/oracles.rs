//! Volumes of ours, opened by other people's programs: cryptsetup, dislocker, libbde and
//! dissect.fve.
#![expect(
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "tests that run programs on files, with numbers of our own"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bitlocker_image::{
    Cipher, Protectors, Regions, SealedVolume, Secrets, SectorCipher, VolumeSpec, boot_sector, seal,
};
use disk::SectorSize;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const MIB: usize = 1 << 20;
const BYTES: usize = 48 * MIB;
const PASSPHRASE: &str = "correct horse";

/// Returns whether all of these programs are there; says so when one is not, and fails when they
/// are required.
fn present(programs: &[&str]) -> bool {
    let missing: Vec<&&str> = programs
        .iter()
        .filter(|program| {
            let found = Command::new("sh")
                .args(["-c", "command -v \"$1\"", "sh", program])
                .stdout(Stdio::null())
                .status();
            !found.is_ok_and(|status| status.success())
        })
        .collect();
    let required = std::env::var_os("ARGOSY_REQUIRE_ORACLES").is_some_and(|value| value == "1");
    assert!(missing.is_empty() || !required, "missing: {missing:?}");
    if !missing.is_empty() {
        println!("skipped: no {missing:?}");
    }
    missing.is_empty()
}

/// Returns the Python that has pybde and dissect.fve.
fn python() -> String {
    let ours = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/oracles");
    let environment = std::env::var_os("ARGOSY_ORACLES").map_or(ours, PathBuf::from);
    environment.join("bin/python").display().to_string()
}

struct Made {
    folder: TempDir,
    cipher: Cipher,
    secrets: Secrets,
    sealed: SealedVolume,
    plain: Vec<u8>,
}

impl Made {
    /// Makes an NTFS volume with mkntfs, and a BitLocker volume of it with ours.
    fn new(cipher: Cipher, sector: SectorSize) -> Self {
        let folder = TempDir::new().unwrap();
        let regions = Regions::new(u64::try_from(BYTES).unwrap(), 4096).unwrap();
        let plain = plain_volume(folder.path(), sector, &regions);
        let secrets = secrets(cipher);
        let spec = VolumeSpec {
            volume_bytes: u64::try_from(BYTES).unwrap(),
            sector,
            cipher,
            regions,
            created: 0x01dc_5f00_1234_5678,
            description: "Argosy test volume".to_owned(),
        };
        let sealed = seal(&spec, &secrets).unwrap();
        let volume = encrypted(&plain, &spec, &secrets, &sealed);
        let (name, bek) = sealed.external_key_file.clone().unwrap();
        std::fs::write(folder.path().join(name), &*bek).unwrap();
        std::fs::write(folder.path().join("volume.img"), volume).unwrap();
        Self {
            folder,
            cipher,
            secrets,
            sealed,
            plain,
        }
    }

    fn image(&self) -> String {
        self.folder.path().join("volume.img").display().to_string()
    }

    /// One cipher is tried with every credential, the others with the recovery password: the
    /// protectors are the same.
    fn every_credential(&self) -> bool {
        self.cipher == Cipher::XtsAes128
    }

    fn assert_success(&self, output: &Output) {
        assert!(output.status.success(), "{}: {}", self.cipher, said(output));
    }

    fn bek(&self) -> String {
        let (name, _) = self.sealed.external_key_file.as_ref().unwrap();
        self.folder.path().join(name).display().to_string()
    }
}

fn plain_volume(folder: &Path, sector: SectorSize, regions: &Regions) -> Vec<u8> {
    let path = folder.join("plain.img");
    std::fs::write(&path, vec![0; BYTES]).unwrap();
    let bytes = sector.bytes().to_string();
    let made = run(Command::new("mkntfs")
        .args([
            "-q", "-F", "-Q", "-c", "4096", "-p", "2048", "-H", "16", "-S", "63", "-s", &bytes,
        ])
        .arg(&path));
    assert!(made.status.success(), "mkntfs: {}", said(&made));
    let mut plain = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    // Free space that is not only zeros, between the second area and the third.
    for (place, byte) in (36 * MIB..38 * MIB).zip(plain[36 * MIB..38 * MIB].iter_mut()) {
        *byte = (place ^ (place >> 7) ^ (place >> 13)).to_le_bytes()[0];
    }
    for (_, at, bytes) in regions.control_files() {
        let at = usize::try_from(at).unwrap();
        let area = &mut plain[at..at + usize::try_from(bytes).unwrap()];
        assert!(area.iter().all(|byte| *byte == 0), "mkntfs used {at:#x}");
    }
    plain
}

fn secrets(cipher: Cipher) -> Secrets {
    let protectors = Protectors {
        external_key: true,
        passphrase: Some(PASSPHRASE.to_owned()),
    };
    let mut counter = 0_u64;
    Secrets::from_random(cipher, &protectors, &mut |bytes| {
        for piece in bytes.chunks_mut(32) {
            counter += 1;
            let hash = Sha256::digest(counter.to_le_bytes());
            piece.copy_from_slice(&hash[..piece.len()]);
        }
    })
}

fn encrypted(plain: &[u8], spec: &VolumeSpec, secrets: &Secrets, sealed: &SealedVolume) -> Vec<u8> {
    let sector = spec.sector.bytes();
    let cipher = SectorCipher::new(spec.cipher, &secrets.volume_key, spec.sector).unwrap();
    let mut volume = plain.to_vec();
    cipher.encrypt(0, &mut volume);
    let header = usize::try_from(spec.regions.header).unwrap();
    let (copy, _) = volume[header..].split_at_mut(8192);
    copy.copy_from_slice(&plain[..8192]);
    cipher.encrypt(spec.regions.header / sector, copy);
    for at in spec.regions.information {
        let at = usize::try_from(at).unwrap();
        volume[at..at + 65_536].copy_from_slice(&sealed.information_area);
    }
    let ntfs = plain.first_chunk().unwrap();
    volume[..512].copy_from_slice(&boot_sector(ntfs, &spec.regions));
    volume[512..8192].fill(0xa7);
    volume
}

fn every_kind() -> impl Iterator<Item = Made> {
    let sectors = [SectorSize::B512, SectorSize::B4096];
    Cipher::CREATED
        .into_iter()
        .flat_map(move |cipher| sectors.map(|sector| Made::new(cipher, sector)))
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the program was found")
}

fn run_with_input(command: &mut Command, input: &str) -> Output {
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("the program was found");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    format!("{}{error}", String::from_utf8_lossy(&output.stdout))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn cryptsetup_opens_every_kind_of_volume_and_finds_the_volume_key() {
    if !present(&["cryptsetup", "mkntfs"]) {
        return;
    }
    for made in every_kind() {
        let image = made.image();
        let dump = said(&run(Command::new("cryptsetup").args(["bitlkDump", &image])));
        let guid = made.sealed.identifiers.volume.to_string().to_lowercase();
        assert!(dump.contains(&guid), "{}: {dump}", made.cipher);
        let open = ["open", "--type", "bitlk", "--test-passphrase", "--key-file"];
        let with_input = |input: &str| {
            let mut cryptsetup = Command::new("cryptsetup");
            run_with_input(cryptsetup.args(open).args(["-", &image]), input)
        };
        let password = made.sealed.recovery_password.reveal().to_string();
        if made.every_credential() {
            for secret in [password.as_str(), PASSPHRASE] {
                made.assert_success(&with_input(secret));
            }
            let bek = made.bek();
            let opened = run(Command::new("cryptsetup").args(open).args([&bek, &image]));
            made.assert_success(&opened);
            assert!(!with_input("correct house").status.success());
        }
        let key_file = made.folder.path().join("volume.key");
        let dump = [
            "bitlkDump",
            "--batch-mode",
            "--dump-volume-key",
            "--volume-key-file",
        ];
        let mut cryptsetup = Command::new("cryptsetup");
        let dump = cryptsetup
            .args(dump)
            .arg(&key_file)
            .args(["--key-file", "-", &image]);
        let dumped = run_with_input(dump, &password);
        made.assert_success(&dumped);
        let key = std::fs::read(&key_file).unwrap();
        assert_eq!(hex(&key), hex(&made.secrets.volume_key), "{}", made.cipher);
    }
}

#[test]
fn dislocker_decrypts_every_kind_of_volume_to_the_plain_one() {
    if !present(&["dislocker-file", "dislocker-metadata", "mkntfs"]) {
        return;
    }
    for made in every_kind() {
        let image = made.image();
        let metadata = run(Command::new("dislocker-metadata").args(["-V", &image]));
        made.assert_success(&metadata);
        let decrypted = made.folder.path().join("decrypted.img");
        let mut ways = vec![format!("-p{}", *made.sealed.recovery_password.reveal())];
        if made.every_credential() {
            ways.extend([format!("-u{PASSPHRASE}"), format!("-f{}", made.bek())]);
        }
        for how in ways {
            let mut dislocker = Command::new("dislocker-file");
            let output = run(dislocker.args(["-V", &image, &how, "--"]).arg(&decrypted));
            made.assert_success(&output);
            let found = std::fs::read(&decrypted).unwrap();
            assert!(found == made.plain, "{} {how:.2}", made.cipher);
            std::fs::remove_file(&decrypted).unwrap();
        }
    }
}

#[test]
fn libbde_and_dissect_decrypt_every_kind_of_volume_to_the_plain_one() {
    let python = python();
    if !present(&[&python, "mkntfs"]) {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles.py");
    for made in every_kind() {
        let names: &[&str] = match made.every_credential() {
            true => &["recovery", "passphrase", "bek"],
            false => &["recovery"],
        };
        let quarter = MIB / 4;
        let starts = [0, 33 * MIB - 99, 36 * MIB + 5, BYTES - quarter];
        let output = run(Command::new(&python)
            .args([script, &made.image(), &names.join(",")])
            .arg(made.sealed.recovery_password.reveal().as_str())
            .args([PASSPHRASE, &made.bek()])
            .args(starts.map(|start| format!("{start}:{quarter}"))));
        made.assert_success(&output);
        let whole = hex(&Sha256::digest(&made.plain));
        let mut hash = Sha256::new();
        for start in starts {
            hash.update(&made.plain[start..start + quarter]);
        }
        let some = hex(&hash.finalize());
        let expected: String = names
            .iter()
            .map(|name| format!("libbde {name} {whole}\ndissect {name} {some}\n"))
            .collect();
        assert_eq!(said(&output), expected, "{}", made.cipher);
    }
}
