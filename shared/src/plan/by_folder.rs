//! Numbers by the folder that each belongs to.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions in arrays that the listing's length bounds"
)]

use std::ops::Range;

use super::in_pieces;
use super::listing::{FolderId, index};

/// Numbers of entries, or of folders, by the folder that holds them. Four bytes each, and four a folder.
#[derive(Clone, Debug)]
pub(super) struct ByFolder {
    /// By folder, where its numbers begin; one more at the end.
    starts: Vec<u32>,
    numbers: Vec<u32>,
}

impl ByFolder {
    /// Sorts those of `0..rounds` that have a holder into `folders` folders. What one folder holds stays in order.
    pub(super) fn new(
        folders: u32,
        rounds: u32,
        holder: &impl Fn(u32) -> Option<FolderId>,
    ) -> Self {
        let mut starts = vec![0_u32; index(folders) + 1];
        in_pieces(rounds, &mut |piece| {
            for folder in piece.filter_map(holder) {
                starts[index(folder.0) + 1] += 1;
            }
        });
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut numbers = vec![0; starts.last().copied().map_or(0, index)];
        // Filling moves each start to its folder's end: one place on they are starts again.
        in_pieces(rounds, &mut |piece| {
            for number in piece {
                if let Some(folder) = holder(number) {
                    let start = &mut starts[index(folder.0)];
                    numbers[index(*start)] = number;
                    *start += 1;
                }
            }
        });
        starts.rotate_right(1);
        starts[0] = 0;
        Self { starts, numbers }
    }

    /// Returns what a folder holds.
    pub(super) fn of(&self, folder: FolderId) -> &[u32] {
        &self.numbers[self.range(folder)]
    }

    /// Returns what a folder holds, to be brought into another order.
    pub(super) fn of_mut(&mut self, folder: FolderId) -> &mut [u32] {
        let range = self.range(folder);
        &mut self.numbers[range]
    }

    /// Returns all numbers, folder by folder.
    pub(super) fn all(&self) -> &[u32] {
        &self.numbers
    }

    /// Returns where in [`Self::all`] what a folder holds is.
    pub(super) fn range(&self, folder: FolderId) -> Range<usize> {
        let folder = index(folder.0);
        index(self.starts[folder])..index(self.starts[folder + 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_their_folders_in_order_and_those_without_one_nowhere() {
        let holder = |number: u32| Some(FolderId(number % 3)).filter(|folder| folder.0 != 1);
        let found = ByFolder::new(4, 9, &holder);
        assert_eq!(found.of(FolderId(0)), [0, 3, 6]);
        assert_eq!(found.of(FolderId(2)), [2, 5, 8]);
        assert!(found.of(FolderId(1)).is_empty() && found.of(FolderId(3)).is_empty());
        assert_eq!(found.all(), [0, 3, 6, 2, 5, 8]);
    }
}
