//! The partitions that this machine's firmware can boot from, of whatever system they are.
//!
//! Source: UEFI 2.10, 3.1.3 (load options) and 10.3.5.1 (hard drive device path); the kernel's
//! `efivarfs`, which puts 4 bytes of attributes before a variable's value.

use std::fs;

use super::machine::{Machine, names};

/// The GUID of the firmware's own variables, behind the name in the file's.
const GLOBAL: &str = "-8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// Returns the GUIDs, as a partition table stores them, of all partitions that boot entries name.
pub(super) fn boot_partitions(machine: &Machine) -> Vec<[u8; 16]> {
    let folder = machine.sys.join("firmware/efi/efivars");
    let is_entry = |name: &String| {
        name.strip_prefix("Boot")
            .and_then(|rest| rest.strip_suffix(GLOBAL))
            .is_some_and(|number| {
                number.len() == 4 && number.bytes().all(|digit| digit.is_ascii_hexdigit())
            })
    };
    let entries = names(&folder).into_iter().filter(is_entry);
    let entries = entries.filter_map(|name| fs::read(folder.join(name)).ok());
    entries
        .flat_map(|entry| partitions_of(entry.get(4..).unwrap_or_default()))
        .collect()
}

/// Returns the GUIDs of the partitions in a load option: attributes, length of the device path, a
/// description that ends in a NUL, the device path.
fn partitions_of(option: &[u8]) -> Vec<[u8; 16]> {
    let Some((head, rest)) = option.split_first_chunk::<6>() else {
        return Vec::new();
    };
    let [_, _, _, _, low, high] = *head;
    let length = usize::from(u16::from_le_bytes([low, high]));
    let units = rest.chunks_exact(2);
    let description = units.take_while(|unit| *unit != [0, 0]).count();
    let start = description.saturating_add(1).saturating_mul(2);
    let path = rest.get(start..).unwrap_or_default();
    let path = path.get(..length).unwrap_or(path);
    nodes(path).filter_map(partition).collect()
}

/// Returns the nodes of a device path, each with its head of four bytes.
fn nodes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = path;
    std::iter::from_fn(move || {
        let [_, _, low, high] = *rest.first_chunk::<4>()?;
        let length = usize::from(u16::from_le_bytes([low, high]));
        // A shorter one would never end.
        let (node, behind) = rest.split_at_checked(length.max(4))?;
        rest = behind;
        Some(node)
    })
}

/// Returns the GUID in a node that is a partition of a GPT: media, hard drive, 42 bytes, whose
/// signature is a GUID.
fn partition(node: &[u8]) -> Option<[u8; 16]> {
    let is_gpt = node.starts_with(&[4, 1, 42, 0]) && node.get(41) == Some(&2);
    let signature = node.get(24..40).filter(|_| is_gpt)?;
    signature.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sys;
    use super::*;

    const ID: [u8; 16] = [
        0x6b, 0x2f, 0x44, 0x9e, 0x1c, 0x7d, 0x3a, 0x4b, 0x8f, 0x10, 0x21, 0x32, 0x43, 0x54, 0x65,
        0x76,
    ];

    /// `Windows Boot Manager`, as Windows writes it: the partition, then the file's name.
    fn option() -> Vec<u8> {
        let mut path = vec![4, 1, 42, 0];
        path.extend(1_u32.to_le_bytes());
        path.extend(2048_u64.to_le_bytes());
        path.extend(204_800_u64.to_le_bytes());
        path.extend(ID);
        path.extend([2, 2]);
        let file: Vec<u8> = "\\EFI\\Microsoft\\Boot\\bootmgfw.efi\0"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        path.extend([4, 4]);
        path.extend(
            u16::try_from(file.len())
                .expect("short")
                .saturating_add(4)
                .to_le_bytes(),
        );
        path.extend(file);
        path.extend([0x7f, 0xff, 4, 0]);
        let mut option = 1_u32.to_le_bytes().to_vec();
        option.extend(u16::try_from(path.len()).expect("short").to_le_bytes());
        let description = "Windows Boot Manager\0".encode_utf16();
        option.extend(description.flat_map(u16::to_le_bytes));
        option.extend(path);
        option.extend(b"WINDOWS");
        option
    }

    #[test]
    fn a_boot_entry_names_its_partition() {
        assert_eq!(partitions_of(&option()), [ID]);
    }

    #[test]
    fn an_entry_cut_anywhere_names_the_partition_or_none() {
        let option = option();
        for length in 0..option.len() {
            let found = partitions_of(option.get(..length).expect("within"));
            assert!(found.is_empty() || found == [ID], "{length}");
        }
    }

    #[test]
    fn a_partition_of_an_mbr_has_no_guid() {
        let mut option = option();
        let at = option
            .windows(2)
            .position(|pair| pair == [2, 2])
            .expect("it is there");
        *option.get_mut(at.saturating_add(1)).expect("within") = 1;
        assert!(partitions_of(&option).is_empty());
    }

    #[test]
    fn all_entries_of_the_firmware_are_read_and_nothing_else_is() {
        let sys = Sys::new();
        let folder = sys.machine.sys.join("firmware/efi/efivars");
        fs::create_dir_all(&folder).expect("room");
        let mut value = vec![7, 0, 0, 0];
        value.extend(option());
        for name in ["Boot0003", "BootOrder", "Boot000", "BootNext0"] {
            fs::write(folder.join(format!("{name}{GLOBAL}")), &value).expect("room");
        }
        assert_eq!(boot_partitions(&sys.machine), [ID]);
        assert!(boot_partitions(&Sys::new().machine).is_empty());
    }
}
