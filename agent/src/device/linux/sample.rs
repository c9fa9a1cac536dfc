//! Folders that look like `/sys`, `/proc` and `/dev`, for tests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::block_device::BlockDevice;
use super::machine::Machine;

/// A machine made of files.
pub(super) struct Sys {
    pub(super) machine: Machine,
    _root: tempfile::TempDir,
}

impl Sys {
    pub(super) fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let real = fs::canonicalize(root.path()).expect("it is there");
        let machine = Machine {
            sys: real.join("sys"),
            proc: real.join("proc"),
            dev: real.join("dev"),
        };
        for folder in ["sys/block", "sys/class/block", "sys/dev/block", "dev"] {
            fs::create_dir_all(real.join(folder)).expect("room");
        }
        Self {
            machine,
            _root: root,
        }
    }

    /// Makes a device of 2048 units with these files, links to it as the kernel does, and reads it.
    pub(super) fn device(&self, folder: &str, number: &str, files: &[(&str, &str)]) -> BlockDevice {
        let folder = self.machine.sys.join("devices").join(folder);
        write(&folder.join("size"), "2048\n");
        write(&folder.join("dev"), &format!("{number}\n"));
        for (name, text) in files {
            write(&folder.join(name), text);
        }
        self.link(&folder);
        let below = fs::read_dir(&folder).expect("there").flatten();
        for part in below.map(|entry| entry.path()) {
            if part.join("partition").exists() {
                write(&part.join("size"), "1024\n");
                self.link(&part);
            }
        }
        BlockDevice::read(&self.machine, &folder).expect("a device")
    }

    fn link(&self, folder: &Path) {
        let name = folder.file_name().expect("a name");
        let is_partition = folder.join("partition").exists();
        let number = fs::read_to_string(folder.join("dev")).expect("a number");
        let mut links = vec![
            self.machine.sys.join("class/block").join(name),
            self.machine.sys.join("dev/block").join(number.trim()),
        ];
        if !is_partition {
            links.push(self.machine.sys.join("block").join(name));
        }
        for link in links {
            let _ = fs::remove_file(&link);
            symlink(folder, link).expect("room");
        }
    }

    pub(super) fn mounts(&self, table: &str) {
        self.proc_file("self/mountinfo", table);
    }

    pub(super) fn proc_file(&self, name: &str, text: &str) {
        write(&self.machine.proc.join(name), text);
    }

    pub(super) fn sys_file(&self, name: &str, text: &str) {
        write(&self.machine.sys.join(name), text);
    }

    /// Makes `/dev/<from>` a link to `<to>`, as udev does for mapped devices.
    pub(super) fn dev_link(&self, from: &str, to: &str) {
        let at: PathBuf = self.machine.dev.join(from);
        fs::create_dir_all(at.parent().expect("a folder")).expect("room");
        write(&self.machine.dev.join(to), "");
        symlink(self.machine.dev.join(to), at).expect("room");
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("room");
    fs::write(path, text).expect("room");
}
