//! The simplex method over fills, with the inverse of its basis written out.
//!
//! Rows are sizes; a column is a fill, which counts as one drive, or a surplus of one size, which
//! counts as none.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "places in a square table; floating point does not overflow into anything undefined"
)]

use super::sizes::Sizes;

/// What is below this is taken for 0.
const NOTHING: f64 = 1e-9;

/// A column of the basis.
#[derive(Clone, Debug)]
pub(super) enum Column {
    /// So many files of each size.
    Fill(Vec<u32>),
    /// More files of this size than there are.
    Surplus(usize),
}

/// A basis and what it comes to.
#[derive(Clone, Debug)]
pub(super) struct Simplex {
    rows: usize,
    inverse: Vec<f64>,
    columns: Vec<Column>,
    /// How often each column is taken.
    amounts: Vec<f64>,
}

impl Simplex {
    /// Starts with drives that each hold files of one size.
    pub(super) fn new(sizes: &Sizes, capacity: u64) -> Self {
        let rows = sizes.values.len();
        let mut simplex = Self {
            rows,
            inverse: vec![0.0; rows * rows],
            columns: Vec::with_capacity(rows),
            amounts: Vec::with_capacity(rows),
        };
        for (row, (value, count)) in sizes.values.iter().zip(&sizes.counts).enumerate() {
            let most = u32::try_from(capacity / value).unwrap_or(u32::MAX);
            let most = most.min(*count).max(1);
            let mut fill = vec![0; rows];
            fill[row] = most;
            simplex.columns.push(Column::Fill(fill));
            simplex.inverse[row * rows + row] = 1.0 / f64::from(most);
            simplex.amounts.push(f64::from(*count) / f64::from(most));
        }
        simplex
    }

    /// Returns what one more file of each size would cost, in drives.
    pub(super) fn prices(&self) -> Vec<f64> {
        let mut prices = vec![0.0; self.rows];
        for (column, row) in self
            .columns
            .iter()
            .zip(self.inverse.chunks_exact(self.rows))
        {
            if matches!(column, Column::Fill(_)) {
                for (price, part) in prices.iter_mut().zip(row) {
                    *price += part;
                }
            }
        }
        prices
    }

    /// Returns how many drives it takes, in fractions.
    pub(super) fn drives(&self) -> f64 {
        self.fills().map(|(_, amount)| amount).sum()
    }

    /// Returns the fills that are taken, and how often.
    pub(super) fn fills(&self) -> impl Iterator<Item = (&Vec<u32>, f64)> {
        let columns = self.columns.iter().zip(&self.amounts);
        columns.filter_map(|(column, amount)| match column {
            Column::Fill(fill) if *amount > NOTHING => Some((fill, *amount)),
            _ => None,
        })
    }

    /// Takes a column into the basis; false when numbers have become too small to go on.
    pub(super) fn enter(&mut self, column: Column) -> bool {
        let direction: Vec<f64> = self
            .inverse
            .chunks_exact(self.rows)
            .map(|row| match &column {
                Column::Surplus(place) => -row[*place],
                Column::Fill(fill) => {
                    let parts = row.iter().zip(fill).filter(|(_, count)| **count > 0);
                    parts.map(|(part, count)| part * f64::from(*count)).sum()
                }
            })
            .collect();
        let mut leaving: Option<(usize, f64)> = None;
        for (row, step) in direction.iter().copied().enumerate() {
            if step > NOTHING {
                let ratio = self.amounts[row] / step;
                if leaving.is_none_or(|(_, least)| ratio < least - 1e-12) {
                    leaving = Some((row, ratio));
                }
            }
        }
        let Some((leaving, ratio)) = leaving else {
            return false;
        };
        for (amount, step) in self.amounts.iter_mut().zip(&direction) {
            *amount = (*amount - ratio * step).max(0.0);
        }
        self.amounts[leaving] = ratio;
        self.columns[leaving] = column;
        self.pivot(leaving, &direction);
        true
    }

    fn pivot(&mut self, leaving: usize, direction: &[f64]) {
        let at = leaving * self.rows;
        let mut pivot: Vec<f64> = self.inverse[at..at + self.rows].to_vec();
        for part in &mut pivot {
            *part /= direction[leaving];
        }
        for (row, (parts, step)) in self
            .inverse
            .chunks_exact_mut(self.rows)
            .zip(direction)
            .enumerate()
        {
            if row == leaving {
                parts.copy_from_slice(&pivot);
            } else if *step != 0.0 {
                for (part, pivot) in parts.iter_mut().zip(&pivot) {
                    *part -= step * pivot;
                }
            }
        }
    }
}
