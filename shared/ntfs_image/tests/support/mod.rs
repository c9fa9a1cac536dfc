//! Volumes that somebody else's program made, and what that program says about them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use disk::{ReadAt, ReadError};

/// Returns whether all of `tools` are there. If one is not, says so and lets the test pass, unless ARGOSY_REQUIRE_ORACLES is 1.
pub(crate) fn have(tools: &[&str]) -> bool {
    let missing = |tool: &&&str| {
        !["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"]
            .iter()
            .any(|folder| Path::new(folder).join(**tool).exists())
    };
    let Some(tool) = tools.iter().find(missing) else {
        return true;
    };
    skip(&format!("{tool} is not installed"));
    false
}

/// Says that a test was skipped; fails if that is not allowed.
pub(crate) fn skip(why: &str) {
    let required = std::env::var("ARGOSY_REQUIRE_ORACLES").is_ok_and(|value| value == "1");
    assert!(!required, "{why}");
    eprintln!("skipped: {why}");
}

/// Runs a program that must succeed; returns what it prints.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} failed: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// An image file in a folder that goes away with it.
pub(crate) struct Image {
    folder: tempfile::TempDir,
}

impl Image {
    /// Makes a volume with mkntfs.
    pub(crate) fn mkntfs(bytes: u64, sector: u64, cluster: u64) -> Self {
        Self::mkntfs_with(bytes, &[&format!("-s{sector}"), &format!("-c{cluster}")])
    }

    /// Makes a volume with mkntfs and these options.
    pub(crate) fn mkntfs_with(bytes: u64, options: &[&str]) -> Self {
        let image = Self::blank(bytes);
        let path = image.path().display().to_string();
        let always = ["-q", "-Q", "-F", "-LOracle volume", &path];
        run("mkntfs", &[options, &always].concat());
        image
    }

    /// Stands for an image that is somewhere else.
    pub(crate) fn of(path: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let image = Self { folder };
        std::os::unix::fs::symlink(path, image.path()).expect("a link");
        image
    }

    /// Makes a file of zeros.
    pub(crate) fn blank(bytes: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let image = Self { folder };
        let file = File::create(image.path()).expect("an image file");
        file.set_len(bytes).expect("room for the image");
        image
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("volume.img")
    }

    /// Mounts the volume with ntfs-3g until the guard is dropped.
    pub(crate) fn mount(&self, options: &str) -> Mount {
        let at = self.folder.path().join("mounted");
        fs::create_dir_all(&at).expect("a mount point");
        let device = |path: &Path| fs::metadata(path).map(|about| about.dev()).ok();
        let before = device(&at);
        let mut driver = Command::new("ntfs-3g")
            .arg("-o")
            .arg(format!("no_detach,{options}"))
            .args([&self.path(), &at])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ntfs-3g starts");
        while device(&at) == before {
            let ended = driver.try_wait().expect("a child");
            assert!(ended.is_none(), "ntfs-3g does not mount: {ended:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        Mount { at, driver }
    }

    /// Opens the image for reading.
    pub(crate) fn open(&self) -> ImageFile {
        let file = File::open(self.path()).expect("the image is there");
        let bytes = file.metadata().expect("an ordinary file").len();
        ImageFile { file, bytes }
    }
}

/// A volume that ntfs-3g has mounted.
pub(crate) struct Mount {
    pub(crate) at: PathBuf,
    driver: Child,
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A program that another test just started may hold a copy of an open file of ours until it is under way.
        let unmounted = (0..100).any(|_| {
            let ended = Command::new("fusermount").arg("-u").arg(&self.at).output();
            let done = ended.is_ok_and(|output| output.status.success());
            if !done {
                std::thread::sleep(Duration::from_millis(20));
            }
            done
        });
        assert!(unmounted, "{} stays mounted", self.at.display());
        // The driver ends when it has written everything.
        let ended = self.driver.wait();
        assert!(ended.is_ok_and(|status| status.success()), "ntfs-3g failed");
    }
}

/// An image file as a disk.
pub(crate) struct ImageFile {
    file: File,
    bytes: u64,
}

impl ReadAt for ImageFile {
    fn bytes(&self) -> u64 {
        self.bytes
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.file
            .read_exact_at(into, at)
            .map_err(|error| ReadError {
                at,
                bytes: u64::try_from(into.len()).expect("memory is small"),
                cause: error.to_string(),
            })
    }
}

/// Numbers that look random and are the same every time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count)
            .map(|_| u8::try_from(self.below(256)).expect("below 256"))
            .collect()
    }
}
