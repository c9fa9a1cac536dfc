//! The 160 instances of E. Falkenauer, "A hybrid grouping genetic algorithm for bin packing"
//! (Journal of Heuristics 2, 1996), made anew by his rules.
//!
//! Shared by tests and a measurement.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers of published rules"
)]

/// One instance.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// As in the literature: `u120_00`, `t501_19`.
    pub(crate) name: String,
    /// Of a drive.
    pub(crate) capacity: u64,
    /// Files, in no order.
    pub(crate) sizes: Vec<u64>,
    /// The fewest drives, where the rule fixes them.
    pub(crate) fewest: Option<u64>,
}

/// Classes: files, and whether they come in threes that fill a drive.
const CLASSES: [(u64, bool); 8] = [
    (120, false),
    (250, false),
    (500, false),
    (1000, false),
    (60, true),
    (120, true),
    (249, true),
    (501, true),
];
const EACH: u64 = 20;

/// Returns 20 instances of each class. Other `seed`s give other ones.
pub(crate) fn instances(seed: u64) -> Vec<Instance> {
    let all = CLASSES
        .iter()
        .flat_map(|class| (0..EACH).map(move |number| (*class, number)));
    all.map(|((files, is_triplets), number)| {
        let own = seed * 1_000_000 + files * 100 + number * 2 + u64::from(is_triplets);
        let mut random = Random(own);
        if is_triplets {
            triplets(files, number, &mut random)
        } else {
            uniform(files, number, &mut random)
        }
    })
    .collect()
}

/// Sizes from 20 to 100 on drives of 150.
fn uniform(files: u64, number: u64, random: &mut Random) -> Instance {
    Instance {
        name: format!("u{files}_{number:02}"),
        capacity: 150,
        sizes: (0..files).map(|_| random.within(20, 100)).collect(),
        fewest: None,
    }
}

/// Threes that fill a drive of 1000: one of 380 to 490, one from 250 to half of what is left, and
/// the rest.
fn triplets(files: u64, number: u64, random: &mut Random) -> Instance {
    let mut sizes = Vec::new();
    for _ in 0..files / 3 {
        let first = random.within(380, 490);
        let second = random.within(250, (1000 - first) / 2);
        sizes.extend([first, second, 1000 - first - second]);
    }
    Instance {
        name: format!("t{files}_{number:02}"),
        capacity: 1000,
        sizes,
        fewest: Some(files / 3),
    }
}

/// `SplitMix64`: the same everywhere.
struct Random(u64);

impl Random {
    fn within(&mut self, least: u64, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        least + (mixed ^ (mixed >> 31)) % (most - least + 1)
    }
}
