//! What columns say a tree takes is what its layout takes, to the cluster.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::collections::HashMap;

use disk::SectorSize;
use ntfs_image::{
    Cost, Costed, FileTime, LayoutError, Node, NtfsLayout, ReservedFile, Tree, VolumeSpec, name,
};
use proptest::prelude::*;

fn spec(bytes: u64, sector: SectorSize, reserved: &[(u64, u64)]) -> VolumeSpec {
    let own = |(number, &(at, bytes)): (usize, &(u64, u64))| ReservedFile {
        name: format!("FVE2.{number}"),
        at,
        bytes,
    };
    VolumeSpec {
        bytes,
        sector,
        start_lba: 2048,
        serial: 1,
        label: "Argosy".to_owned(),
        created: FileTime(0),
        reserved: reserved.iter().enumerate().map(own).collect(),
    }
}

/// Gives the columns of `tree` to [`Cost`], as somebody would who has no tree.
fn counted(spec: &VolumeSpec, tree: &Tree) -> Result<Costed, LayoutError> {
    let mut cost = Cost::new(spec)?;
    let mut numbers = HashMap::from([(Tree::ROOT, 0)]);
    let mut children: HashMap<Node, Vec<Vec<u16>>> = HashMap::new();
    for node in (1..tree.node_count()).map(Node) {
        let name = tree.name(node);
        let units: Vec<u16> = name.encode_utf16().collect();
        let length = u8::try_from(units.len()).expect("255 at most");
        if tree.is_folder(node) {
            numbers.insert(node, cost.folder(length));
        } else {
            cost.file(length, tree.bytes(node));
        }
        if tree.parent(node) == Tree::ROOT {
            cost.root_entry(&name);
        } else {
            children.entry(tree.parent(node)).or_default().push(units);
        }
    }
    // The folders in any order, each one's entries in the order of their names.
    for (folder, mut names) in children {
        names.sort_by(|one, other| name::compare(one, other));
        for units in names {
            cost.entry(
                numbers[&folder],
                u8::try_from(units.len()).expect("255 at most"),
            );
        }
    }
    cost.finish()
}

fn assert_equal(spec: &VolumeSpec, tree: &Tree) {
    let counted = counted(spec, tree);
    let laid_out = NtfsLayout::new(spec.clone(), tree.clone()).map(|layout| Costed {
        used_bytes: layout.used_bytes(),
        free_bytes: layout.free_bytes(),
    });
    match (&counted, &laid_out) {
        // Lengths alone do not know what the folder is called.
        (Err(LayoutError::FolderRecordFull { .. }), Err(LayoutError::FolderRecordFull { .. })) => {}
        _ => assert_eq!(counted, laid_out),
    }
}

/// A file or folder to add: which of the folders there are holds it, how its name begins and how
/// long it is, and its bytes (a folder when none).
type Row = (usize, char, usize, Option<u64>);

fn tree_of(rows: &[Row]) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![Tree::ROOT];
    for (number, (parent, first, units, bytes)) in rows.iter().enumerate() {
        let parent = folders[parent % folders.len()];
        let number = number.to_string();
        let fill = units.saturating_sub(number.len() + first.len_utf16());
        let name = format!("{first}{}{number}", "x".repeat(fill));
        match bytes {
            Some(bytes) => {
                tree.add_file(parent, &name, *bytes, FileTime(0))
                    .expect("a good name");
            }
            None => folders.push(
                tree.add_folder(parent, &name, FileTime(0))
                    .expect("a good name"),
            ),
        }
    }
    tree
}

fn row() -> impl Strategy<Value = Row> {
    let bytes = prop_oneof![
        2 => (0_u64..5000).prop_map(Some),
        2 => (0_u64..3_000_000).prop_map(Some),
        1 => Just(None),
    ];
    let first = prop::sample::select(vec!['!', '$', 'A', 'a', 'ß', 'ü', '中', '😀', '_']);
    let units = prop_oneof![3 => 1_usize..30, 1 => 1_usize..=255];
    (any::<usize>(), first, units, bytes)
}

fn sector() -> impl Strategy<Value = SectorSize> {
    prop::sample::select(vec![SectorSize::B512, SectorSize::B4096])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_counted_is_what_is_laid_out(
        rows in prop::collection::vec(row(), 0..400),
        sector in sector(),
        mebibytes in prop::sample::select(vec![64_u64, 300, 1000, 40_000_000]),
        reserved in any::<bool>(),
    ) {
        let extents: &[_] = if reserved {
            &[(10 << 20, 65_536), (20 << 20, 65_536), (30 << 20, 65_536), (31 << 20, 8192)]
        } else {
            &[]
        };
        assert_equal(&spec(mebibytes << 20, sector, extents), &tree_of(&rows));
    }
}

proptest! {
    // Each is thousands of names.
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn folders_of_thousands_are_counted_to_the_block(
        names in prop::collection::vec((row(), 0_usize..3), 1500..6000),
        sector in sector(),
    ) {
        // Three folders hold everything, so their trees have several levels.
        let mut rows: Vec<Row> = ('a'..='c').map(|first| (0, first, 1, None)).collect();
        rows.extend(names.into_iter().map(|((_, first, units, bytes), folder)| {
            (folder + 1, first, units, Some(bytes.unwrap_or(1) % 9000))
        }));
        assert_equal(&spec(300 << 20, sector, &[(8 << 20, 65_536)]), &tree_of(&rows));
    }
}

#[test]
fn a_volume_that_is_one_cluster_too_small_is_refused_by_both_with_the_same_number() {
    let rows: Vec<Row> = (0..50).map(|_| (0, 'f', 9, Some(100_000))).collect();
    let tree = tree_of(&rows);
    let mut bytes = 64 << 20;
    loop {
        let small = spec(bytes, SectorSize::B512, &[]);
        assert_equal(&small, &tree);
        if NtfsLayout::new(small, tree.clone()).is_err() {
            break;
        }
        bytes -= 1 << 20;
    }
    for clusters in 0..600 {
        assert_equal(&spec(bytes + clusters * 4096, SectorSize::B512, &[]), &tree);
    }
}
