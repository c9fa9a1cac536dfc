//! How a volume is made wrong.

use super::*;

/// Returns whether a record has the first part of unnamed data.
pub(super) fn has_first_data(record: &[u8]) -> bool {
    let mut at = u16_at(record, 20);
    while u32_at(record, at) != 0xffff_ffff {
        if u32_at(record, at) == 0x80 && record[at + 8] == 1 && u32_at(record, at + 16) == 0 {
            return true;
        }
        at += u32_at(record, at + 4);
    }
    false
}

pub(super) fn flip_record_bit(e: &mut Editor, record: usize) {
    let at = e.place(0, BITMAP, "", record / 8);
    e.bytes[at] ^= 1 << (record % 8);
}

pub(super) fn flip_cluster_bit(e: &mut Editor, cluster: usize) {
    let at = e.place(6, DATA, "", cluster / 8);
    e.bytes[at] ^= 1 << (cluster % 8);
}

/// Changes a record's stored bytes, update sequence and all.
pub(super) fn raw(e: &mut Editor, path: &str, at: usize, bytes: &[u8]) {
    let record = e.record_at(e.find(path));
    put(&mut e.bytes, record + at, bytes);
}

pub(super) fn header(e: &mut Editor, path: &str, at: usize, bytes: &[u8]) {
    let record = e.find(path);
    e.record(record, |r| put(r, at, bytes));
}

pub(super) fn retype(e: &mut Editor, path: &str, from: u32, to: u32) {
    let record = e.find(path);
    let bytes = e.read(record);
    let name = if from == INDEX_ROOT { "$I30" } else { "" };
    let at = attribute(&bytes, from, name).start;
    e.record(record, |r| {
        put(r, at, &to.to_le_bytes());
        if from == INDEX_ROOT {
            r[at + 9] = 0;
        }
    });
}

pub(super) fn of_data(e: &mut Editor, path: &str, at: usize, bytes: &[u8]) {
    let record = e.find(path);
    e.attribute(record, DATA, "", |a| put(a, at, bytes));
}

pub(super) fn of_runs(e: &mut Editor, path: &str, runs: &[u8]) {
    let record = e.find(path);
    e.attribute(record, DATA, "", |a| {
        let at = u16_at(a, 32);
        let length = runs.len().min(a.len() - at);
        put(a, at, &runs[..length]);
    });
}

pub(super) fn root_value(e: &mut Editor, at: usize, bytes: &[u8]) {
    let record = e.find("\\large");
    e.value(record, INDEX_ROOT, "$I30", |v| put(v, at, bytes));
}

pub(super) fn large_bitmap(e: &mut Editor, change: impl FnOnce(&mut [u8])) {
    let record = e.find("\\large");
    e.value(record, BITMAP, "$I30", change);
}

pub(super) fn block(e: &mut Editor, change: impl FnOnce(&mut [u8])) {
    let record = e.find("\\large");
    e.block(record, 1, change);
}

pub(super) fn raw_block(e: &mut Editor, at: usize, bytes: &[u8]) {
    let record = e.find("\\large");
    let place = e.place(record, INDEX_ALLOCATION, "$I30", 4096);
    put(&mut e.bytes, place + at, bytes);
}

/// Changes a node with sub-nodes and more than an end entry; tells where its index header is.
pub(super) fn inner_node(e: &mut Editor, change: impl FnOnce(&mut [u8], usize)) {
    let record = e.find("\\large");
    let bytes = e.read(record);
    let range = attribute(&bytes, INDEX_ROOT, "$I30");
    let header = range.start + u16_at(&bytes[range], 20) + 16;
    if entries(&bytes, header).len() > 1 {
        return e.record(record, |r| change(r, header));
    }
    let end = entries(&bytes, header).pop().expect("an end");
    let child = u32_at(&bytes, end.end - 8);
    e.block(record, child, |b| change(b, 24));
}

pub(super) fn root_end_child(e: &mut Editor, child: u64) {
    let record = e.find("\\large");
    e.value(record, INDEX_ROOT, "$I30", |v| {
        let end = entries(v, 16).pop().expect("an end");
        put(v, end.end - 8, &child.to_le_bytes());
    });
}

pub(super) fn large(number: u32) -> String {
    format!("\\large\\Name {number:04} in some folder")
}

/// A time that is no file's own: one byte of a time may be what it is to become.
pub(super) const LONG_AGO: [u8; 8] = 0x01d0_0000_0000_0000_u64.to_le_bytes();

pub(super) fn of_large(e: &mut Editor, number: u32, at: usize, bytes: &[u8]) {
    of_entry(e, "\\large", &large(number), at, bytes);
}

pub(super) fn of_entry(e: &mut Editor, folder: &str, file: &str, at: usize, bytes: &[u8]) {
    let folder = if folder == "\\" { 5 } else { e.find(folder) };
    let file = e.find(file);
    e.entry(folder, file, |entry| put(entry, at, bytes));
}

/// Changes a name in the file and in its folder.
pub(super) fn name(e: &mut Editor, change: impl Fn(&mut [u8])) {
    let (folder, file) = (e.find("\\large"), e.find(&large(299)));
    e.entry(folder, file, |entry| change(&mut entry[16..]));
    e.attribute(file, FILE_NAME, "", |a| change(&mut a[24..]));
}

/// Changes the first security descriptor, and its copy.
pub(super) fn sds(e: &mut Editor, at: usize, bits: u8) {
    for copy in [0, 0x40000] {
        let place = e.place(9, DATA, "$SDS", copy + at);
        e.bytes[place] ^= bits;
    }
}

/// Changes the last entry of the sparse file's attribute list, which leads to another record.
pub(super) fn list(e: &mut Editor, change: impl FnOnce(&mut [u8])) {
    let record = e.find("\\sparse");
    let bytes = e.read(record);
    let range = attribute(&bytes, ATTRIBUTE_LIST, "");
    let is_resident = bytes[range.start + 8] == 0;
    let last = |list: &[u8]| {
        let mut at = 0;
        while at + u16_at(list, at + 4) < list.len() {
            at += u16_at(list, at + 4);
        }
        at
    };
    if is_resident {
        e.value(record, ATTRIBUTE_LIST, "", |v| {
            let at = last(v);
            change(&mut v[at..]);
        });
    } else {
        let length = u32_at(&bytes[range], 48);
        let place = e.place(record, ATTRIBUTE_LIST, "", 0);
        let list = &mut e.bytes[place..][..length];
        let at = last(list);
        change(&mut list[at..]);
    }
}

/// Returns a restart page that speaks of a log of this many bytes.
pub(super) fn restart_page(log_bytes: u64, client_in_use: u16) -> Vec<u8> {
    let mut page = vec![0; 4096];
    put(&mut page, 0, b"RSTR");
    put(&mut page, 4, &[0x1e, 0, 9, 0]);
    put(&mut page, 16, &4096_u32.to_le_bytes());
    put(&mut page, 20, &4096_u32.to_le_bytes());
    put(&mut page, 24, &[0x30, 0]);
    put(&mut page, 0x30 + 12, &client_in_use.to_le_bytes());
    put(&mut page, 0x30 + 24, &log_bytes.to_le_bytes());
    ntfs_image::fixup::apply(&mut page, 3);
    page
}
