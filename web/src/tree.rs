//! Folders and files as the lines that a person sees, of however many entries: what is closed has no line.

use std::rc::Rc;

use crate::receiving::{FolderPart, Row};

/// The lines of a drive, from the top.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The lines.
    pub lines: Vec<Rc<Line>>,
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How deep it lies; 1 in the root.
    pub level: u32,
    /// Its place among its folder's entries, from 1.
    pub place: u64,
    /// How many entries its folder has.
    pub of: u64,
    /// What it is.
    pub what: What,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A file.
    File(Row),
    /// A folder.
    Folder {
        /// The folder.
        row: Row,
        /// Whether what is in it has lines below.
        open: bool,
    },
    /// Entries of a folder that are not told yet.
    More {
        /// The folder's id.
        folder: String,
        /// How many entries come before.
        from: u64,
    },
}

impl Line {
    /// Returns the file or folder; a line that stands for more is neither.
    #[must_use]
    pub const fn row(&self) -> Option<&Row> {
        match &self.what {
            What::File(row) | What::Folder { row, .. } => Some(row),
            What::More { .. } => None,
        }
    }
}

impl Tree {
    /// Returns the tree of a drive with its folders closed.
    #[must_use]
    pub fn new(root: &FolderPart, id: &str) -> Self {
        let lines = lines(root, id, 0, 1);
        Self { lines }
    }

    /// Puts what is in a closed folder below it. Returns its line; `None` when there is no such folder, or it is open.
    pub fn open(&mut self, folder: &str, part: &FolderPart) -> Option<usize> {
        let is_it = |line: &Rc<Line>| match &line.what {
            What::Folder { row, open } => !open && row.id == folder,
            _ => false,
        };
        let at = self.lines.iter().position(is_it)?;
        let line = self.lines.get_mut(at)?;
        let inside = lines(part, folder, 0, line.level.saturating_add(1));
        if let What::Folder { open, .. } = &mut Rc::make_mut(line).what {
            *open = true;
        }
        let below = at.saturating_add(1);
        self.lines.splice(below..below, inside);
        Some(at)
    }

    /// Takes what is in an open folder away.
    pub fn close(&mut self, at: usize) {
        let Some(line) = self.lines.get(at).cloned() else {
            return;
        };
        let What::Folder { open: true, .. } = &line.what else {
            return;
        };
        let below = at.saturating_add(1);
        let inside = self.lines.iter().skip(below);
        let count = inside.take_while(|inner| inner.level > line.level).count();
        self.lines.drain(below..below.saturating_add(count));
        if let Some(line) = self.lines.get_mut(at)
            && let What::Folder { open, .. } = &mut Rc::make_mut(line).what
        {
            *open = false;
        }
    }

    /// Puts further entries of a folder where a line stands for them. Returns that place; `None` when none does.
    pub fn more(&mut self, folder: &str, from: u64, part: &FolderPart) -> Option<usize> {
        let (of, before) = (folder, from);
        let is_it = |line: &Rc<Line>| match &line.what {
            What::More { folder, from } => folder == of && *from == before,
            _ => false,
        };
        let at = self.lines.iter().position(is_it)?;
        let level = self.lines.get(at)?.level;
        self.lines.splice(at..=at, lines(part, folder, from, level));
        Some(at)
    }

    /// Returns the line of the folder that a line lies in.
    #[must_use]
    pub fn parent(&self, at: usize) -> Option<usize> {
        let level = self.lines.get(at)?.level;
        let before = self.lines.get(..at)?;
        before.iter().rposition(|line| line.level < level)
    }

    /// Returns the path of a line: `a/b`.
    #[must_use]
    pub fn path(&self, at: usize) -> String {
        let mut names = Vec::new();
        let mut place = Some(at);
        while let Some(at) = place {
            let row = self.lines.get(at).and_then(|line| line.row());
            names.extend(row.map(|row| row.name.as_str()));
            place = self.parent(at);
        }
        names.reverse();
        names.join("/")
    }
}

/// Returns the lines of a part of a folder, and one for what comes behind it.
fn lines(part: &FolderPart, folder: &str, from: u64, level: u32) -> Vec<Rc<Line>> {
    let line = |place, what| {
        Rc::new(Line {
            level,
            place,
            of: part.count,
            what,
        })
    };
    let numbered = (from.saturating_add(1)..).zip(&part.entries);
    let mut lines: Vec<Rc<Line>> = numbered
        .map(|(place, row)| {
            let row = row.clone();
            let what = if row.is_folder {
                What::Folder { row, open: false }
            } else {
                What::File(row)
            };
            line(place, what)
        })
        .collect();
    let told = from.saturating_add(u64::try_from(part.entries.len()).unwrap_or(u64::MAX));
    if told < part.count {
        let what = What::More {
            folder: folder.to_owned(),
            from: told,
        };
        lines.push(line(told.saturating_add(1), what));
    }
    lines
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn part(folders: &[&str], files: &[&str], count: u64) -> FolderPart {
        let row = |name: &&str, is_folder| Row {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
            is_folder,
            ..Row::default()
        };
        let folders = folders.iter().map(|name| row(name, true));
        let files = files.iter().map(|name| row(name, false));
        FolderPart {
            entries: folders.chain(files).collect(),
            count,
        }
    }

    fn names(tree: &Tree) -> Vec<String> {
        let name = |line: &Rc<Line>| match &line.what {
            What::More { from, .. } => format!("more from {from}"),
            _ => line.row().map_or_else(String::new, |row| row.name.clone()),
        };
        tree.lines.iter().map(name).collect()
    }

    #[test]
    fn a_folder_opens_below_itself_and_closes_with_all_that_is_open_in_it() {
        let mut tree = Tree::new(&part(&["a", "b"], &["f"], 3), "root");
        tree.open("a", &part(&["inner"], &["x"], 2));
        tree.open("inner", &part(&[], &["deep"], 1));
        assert_eq!(names(&tree), ["a", "inner", "deep", "x", "b", "f"]);
        assert_eq!(tree.path(2), "a/inner/deep");
        assert_eq!((tree.parent(2), tree.parent(4)), (Some(1), None));
        tree.close(0);
        assert_eq!(names(&tree), ["a", "b", "f"]);
        // What is open is not opened twice, and a file not at all.
        tree.open("f", &part(&[], &["y"], 1));
        tree.open("b", &part(&[], &[], 0));
        tree.open("b", &part(&[], &["y"], 1));
        assert_eq!(names(&tree), ["a", "b", "f"]);
    }

    #[test]
    fn a_long_folder_comes_in_parts_that_count_on() {
        let mut tree = Tree::new(&part(&[], &["1", "2"], 5), "root");
        assert_eq!(names(&tree), ["1", "2", "more from 2"]);
        // What another folder has, or what is here already, does not stand where it does not belong.
        assert_eq!(tree.more("other", 2, &part(&[], &["x"], 5)), None);
        assert_eq!(tree.more("root", 0, &part(&[], &["x"], 5)), None);
        tree.more("root", 2, &part(&[], &["3", "4"], 5));
        assert_eq!(names(&tree), ["1", "2", "3", "4", "more from 4"]);
        assert_eq!((tree.lines[3].place, tree.lines[3].of), (4, 5));
        tree.more("root", 4, &part(&[], &["5"], 5));
        assert_eq!(names(&tree), ["1", "2", "3", "4", "5"]);
    }
}
