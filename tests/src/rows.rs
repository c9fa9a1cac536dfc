//! Rows of the table of speeds: what a measurement prints for `cargo xtask bench` to gather.
//!
//! A row is one line of fields between tabs: `ROW`, the work, the unit, `>=` or `<=`, the goal, and what was found.
//! Crates that these tests measure print theirs by hand.

/// Prints what must be so much at least.
pub fn at_least(work: &str, unit: &str, goal: f64, found: f64) {
    println!("ROW\t{work}\t{unit}\t>=\t{goal}\t{found:.3}");
}

/// Prints what may be so much at most.
pub fn at_most(work: &str, unit: &str, goal: f64, found: f64) {
    println!("ROW\t{work}\t{unit}\t<=\t{goal}\t{found:.3}");
}

/// Prints what has no goal.
pub fn only(work: &str, unit: &str, found: f64) {
    println!("ROW\t{work}\t{unit}\t\t\t{found:.3}");
}
