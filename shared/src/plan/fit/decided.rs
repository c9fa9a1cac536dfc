//! Packing by an exact search, where no quick way fills so few drives.

use std::collections::BTreeMap;

use super::bin::{Bin, Unit};
use super::bound::Reason;
use super::error::FitError;
use super::exact::{self, Decision, decide};
use super::search::{Filled, Search};

/// What an exact search came to.
pub(super) enum Decided {
    /// Everything is laid out on so many drives.
    Done(Vec<Filled>),
    /// So many drives cannot do.
    Impossible(Reason),
    /// Neither was found.
    Unknown,
}

impl Search<'_> {
    /// Decides whether everything goes onto the largest `drives` drives.
    ///
    /// Impossible is only said of the least that each file takes, on drives that are each as large
    /// as the largest: then it is so for every arrangement.
    pub(super) fn decided(&self, drives: u64) -> Result<Decided, FitError> {
        if self.goods.contents.files().len() > exact::FILES_MAX {
            return Ok(Decided::Unknown);
        }
        let room = self.stock.largest().room;
        let fills = match decide(&self.sizes, room, drives) {
            Decision::Packed(fills) => fills,
            Decision::Outweighed => return Ok(Decided::Impossible(Reason::Weighed { drives })),
            Decision::Tried => return Ok(Decided::Impossible(Reason::Tried { drives })),
            Decision::Unknown => return Ok(Decided::Unknown),
        };
        if let Some(filled) = self.as_decided(drives, fills)? {
            return Ok(Decided::Done(filled));
        }
        // Folders take a little beside the files: as much is kept free on every drive.
        let folders = self.folder_bytes();
        let less = room.checked_sub(folders).filter(|_| folders > 0);
        let Some(room) = less else {
            return Ok(Decided::Unknown);
        };
        let Decision::Packed(fills) = decide(&self.sizes, room, drives) else {
            return Ok(Decided::Unknown);
        };
        let filled = self.as_decided(drives, fills)?;
        Ok(filled.map_or(Decided::Unknown, Decided::Done))
    }

    /// Fills the drives with files of these sizes; `None` when one does not hold them after all.
    fn as_decided(
        &self,
        drives: u64,
        fills: Vec<Vec<u64>>,
    ) -> Result<Option<Vec<Filled>>, FitError> {
        let set = self.stock.largest_set(drives);
        let mut less = vec![0; set.len()];
        let mut bins = self.stock.bins(&set, &less);
        let mut waiting: BTreeMap<u64, Vec<Unit>> = BTreeMap::new();
        // From the last on, so that the first of equals is taken first.
        for unit in self.goods.pieces().into_iter().rev() {
            let size = match unit {
                Unit::File(number) => {
                    super::cost::least(self.goods.costs, self.goods.listing, number)
                }
                Unit::Folder(_) => 0,
            };
            waiting.entry(size).or_default().push(unit);
        }
        for (bin, fill) in bins.iter_mut().zip(fills) {
            for size in fill {
                let Some(unit) = waiting.get_mut(&size).and_then(Vec::pop) else {
                    return Ok(None);
                };
                if bin.price(&self.goods, unit).is_none() {
                    return Ok(None);
                }
                bin.put(&self.goods, unit);
            }
        }
        for unit in waiting.into_values().flatten().rev() {
            let holds = |bin: &&mut Bin| bin.price(&self.goods, unit).is_some();
            let Some(bin) = bins.iter_mut().find(holds) else {
                return Ok(None);
            };
            bin.put(&self.goods, unit);
        }
        self.lay_out(&bins, &mut less)
    }

    /// Returns what all folders take at most when every drive had each of them.
    fn folder_bytes(&self) -> u64 {
        let costs = self.goods.costs.iter();
        let all = costs.map(|costs| {
            let folders = costs.folders.iter();
            let blocks = folders.map(|folder| costs.class.blocks(folder.edges, folder.small));
            blocks.fold(0, |sum: u64, blocks| {
                sum.saturating_add(blocks)
                    .saturating_add(costs.class.record())
            })
        });
        all.max().unwrap_or(0)
    }
}
