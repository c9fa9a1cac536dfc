//! The three CSVs: data set, drive set, listing (which is also what was left out).

use shared::job::LeftOutReason;
use shared::plan::dataset::read_dataset;
use shared::plan::driveset::read_driveset;
use shared::plan::listing_csv::{LEFT_OUT_HEADER, ListingRow, left_out_line, read_listing};

/// Reads a dataset.csv.
pub(crate) fn dataset(input: &[u8]) {
    if let Err(errors) = read_dataset(input) {
        assert!((1..=100).contains(&errors.len()));
    }
}

/// Reads a driveset.csv.
pub(crate) fn driveset(input: &[u8]) {
    if let Err(errors) = read_driveset(input) {
        assert!((1..=100).contains(&errors.len()));
    }
}

/// Reads a listing. Its rows, written as left out, are the same listing again: a second job may take it as it is.
pub(crate) fn listing(input: &[u8]) {
    let Ok(rows) = rows(input) else {
        return;
    };
    let mut again = LEFT_OUT_HEADER.to_owned();
    for row in &rows {
        again.push_str(&left_out_line(
            &row.path,
            row.bytes,
            row.modified,
            LeftOutReason::Changed,
        ));
    }
    let found = self::rows(again.as_bytes()).expect("our own writer's listing");
    let facts = |row: &ListingRow| (row.path.clone(), row.bytes, row.modified);
    assert!(
        rows.iter().map(facts).eq(found.iter().map(facts)),
        "{rows:?} became {found:?}"
    );
}

fn rows(input: &[u8]) -> Result<Vec<ListingRow>, usize> {
    let mut rows = Vec::new();
    read_listing(input, &mut |row| rows.push(row)).map_err(|errors| {
        assert!((1..=100).contains(&errors.len()));
        errors.len()
    })?;
    Ok(rows)
}
