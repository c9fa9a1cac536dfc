//! The files and folders of a source, held compactly: a path a folder, a name a file.

use rayon::slice::ParallelSliceMut;

use super::facts::Facts;

/// Files and folders in writing order: folders first, by path; files by device and inode, the names of
/// one file by path.
#[derive(Debug)]
pub struct Entries {
    folders: Vec<Folder>,
    files: Vec<Place>,
}

/// One file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Path below the root of the folder that it lies in, parts divided by `/`; empty for the root.
    pub folder: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Length in bytes; 0 for a folder.
    pub bytes: u64,
    /// Last change, seconds since 1970.
    pub modified_seconds: i64,
    /// Last change, nanoseconds within the second.
    pub modified_nanoseconds: u32,
    /// Whether it is a folder.
    pub is_folder: bool,
}

impl Entry<'_> {
    /// Appends its path below the root, parts divided by `/`.
    pub fn push_path(&self, text: &mut String) {
        if !self.folder.is_empty() {
            text.push_str(self.folder);
            text.push('/');
        }
        text.push_str(self.name);
    }

    /// Returns its path below the root, parts divided by `/`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        self.push_path(&mut path);
        path
    }
}

/// A folder that was gone through, with the files in it.
#[derive(Debug)]
pub(super) struct Folder {
    path: String,
    /// When it was changed, in seconds since 1970 and nanoseconds; none for the root, which is no entry.
    modified: Option<(i64, u32)>,
    /// The names of its files, one behind the other.
    names: String,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    device: u64,
    inode: u64,
    bytes: u64,
    modified_seconds: i64,
    modified_nanoseconds: u32,
    /// Where its name ends, which begins where the one before ends.
    name_end: usize,
}

/// Which file of which folder, and what it is ordered by.
#[derive(Clone, Copy, Debug)]
struct Place {
    device: u64,
    inode: u64,
    folder: usize,
    file: usize,
}

impl Folder {
    /// Returns a folder without files; `own` is none for the root.
    pub(super) fn new(path: String, own: Option<&Facts>) -> Self {
        Self {
            path,
            modified: own.map(|own| (own.modified_seconds, own.modified_nanoseconds)),
            names: String::new(),
            files: Vec::new(),
        }
    }

    pub(super) fn add_file(&mut self, name: &str, facts: &Facts) {
        self.names.push_str(name);
        self.files.push(File {
            device: facts.device,
            inode: facts.inode,
            bytes: facts.bytes,
            modified_seconds: facts.modified_seconds,
            modified_nanoseconds: facts.modified_nanoseconds,
            name_end: self.names.len(),
        });
    }

    /// Returns how many files it holds, and their bytes.
    pub(super) fn files_and_bytes(&self) -> (u64, u64) {
        let files = u64::try_from(self.files.len()).unwrap_or(u64::MAX);
        (files, self.files.iter().map(|file| file.bytes).sum())
    }

    /// Returns the folder itself as an entry, unless it is the root.
    fn itself(&self) -> Option<Entry<'_>> {
        let (modified_seconds, modified_nanoseconds) = self.modified?;
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        Some(Entry {
            folder,
            name,
            bytes: 0,
            modified_seconds,
            modified_nanoseconds,
            is_folder: true,
        })
    }

    fn file(&self, number: usize) -> Entry<'_> {
        let file = &self.files[number];
        let before = number.checked_sub(1).map(|before| &self.files[before]);
        let from = before.map_or(0, |before| before.name_end);
        Entry {
            folder: &self.path,
            name: &self.names[from..file.name_end],
            bytes: file.bytes,
            modified_seconds: file.modified_seconds,
            modified_nanoseconds: file.modified_nanoseconds,
            is_folder: false,
        }
    }
}

impl Place {
    /// What all names of a file have in common.
    const fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }
}

impl Entries {
    /// Brings what was found in each folder into writing order, with the threads of the pool that this
    /// is called in.
    pub(super) fn new(mut folders: Vec<Folder>) -> Self {
        folders.par_sort_unstable_by(|one, other| one.path.cmp(&other.path));
        let all = folders.iter().map(|folder| folder.files.len()).sum();
        let mut files = Vec::with_capacity(all);
        for (folder, found) in folders.iter().enumerate() {
            files.extend(found.files.iter().enumerate().map(|(file, found)| Place {
                device: found.device,
                inode: found.inode,
                folder,
                file,
            }));
        }
        let path = |place: &Place| folders[place.folder].file(place.file).path();
        files.par_sort_unstable_by(|one, other| {
            let order = one.identity().cmp(&other.identity());
            order.then_with(|| path(one).cmp(&path(other)))
        });
        Self { folders, files }
    }

    /// Returns how many there are, and the bytes of their names.
    #[must_use]
    pub fn extent(&self) -> (usize, usize) {
        let (folders, own) = self
            .folders()
            .fold((0_usize, 0_usize), |(count, bytes), folder| {
                let bytes = bytes.saturating_add(folder.name.len());
                (count.saturating_add(1), bytes)
            });
        let names = self.folders.iter().map(|folder| folder.names.len());
        let bytes = names.fold(own, usize::saturating_add);
        (folders.saturating_add(self.files.len()), bytes)
    }

    /// Returns them in writing order.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.folders().chain(self.files().map(|(_, file)| file))
    }

    /// Returns the folders in writing order.
    pub fn folders(&self) -> impl Iterator<Item = Entry<'_>> {
        self.folders.iter().filter_map(Folder::itself)
    }

    /// Returns the files in writing order, each with the number of the folder that it lies in.
    pub fn files(&self) -> impl Iterator<Item = (usize, Entry<'_>)> {
        let files = self.files.iter();
        files.map(|place| (place.folder, self.file(place)))
    }

    /// Returns how many folders there are that files lie in, the root among them.
    #[must_use]
    pub const fn folder_count(&self) -> usize {
        self.folders.len()
    }

    /// Returns the bytes of the files when each is counted once, whatever its names.
    pub(super) fn unique_bytes(&self) -> u64 {
        // The names of one file stand together.
        self.files
            .chunk_by(|one, other| one.identity() == other.identity())
            .filter_map(<[_]>::first)
            .map(|place| self.file(place).bytes)
            .fold(0, u64::saturating_add)
    }

    fn file(&self, place: &Place) -> Entry<'_> {
        self.folders[place.folder].file(place.file)
    }
}
