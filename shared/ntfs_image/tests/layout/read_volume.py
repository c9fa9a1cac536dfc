"""Reads every file of an NTFS volume with dissect.ntfs and with libfsntfs.

read_volume.py IMAGE LIST: a line of LIST is path, bytes and the sum of all bytes, with tabs between. Both readers must find
each of them, and nothing else that is not a system file.
"""
import sys

import pyfsntfs
from dissect.ntfs import NTFS


def dissect_files(path):
    volume = NTFS(open(path, "rb"))
    found = {}

    def walk(record, before):
        for entry in record.iterdir(ignore_dos=True):
            name = entry.attribute.file_name
            child = entry.dereference()
            if before == "" and child.segment < 64:
                continue
            if child.is_dir():
                walk(child, before + name + "/")
            else:
                data = child.open().read()
                found[before + name] = (len(data), sum(data))

    walk(volume.mft.root, "")
    return found


def libfsntfs_files(path):
    volume = pyfsntfs.volume()
    volume.open(path)
    found = {}

    def walk(folder, before):
        for child in folder.sub_file_entries:
            index = child.file_reference & 0xFFFFFFFFFFFF
            if before == "" and index < 64:
                continue
            if child.has_directory_entries_index():
                walk(child, before + child.name + "/")
            else:
                data = child.read_buffer(child.size) if child.size else b""
                found[before + child.name] = (len(data), sum(data))

    walk(volume.get_root_directory(), "")
    return found


def main():
    image, wanted = sys.argv[1:3]
    expected = {}
    for line in open(wanted, encoding="utf-8"):
        path, size, total = line.rstrip("\n").split("\t")
        expected[path] = (int(size), int(total))
    failed = False
    for reader in (dissect_files, libfsntfs_files):
        found = reader(image)
        for path in sorted(expected.keys() | found.keys()):
            if expected.get(path) != found.get(path):
                print(f"{reader.__name__}: {path}: {found.get(path)}, not {expected.get(path)}")
                failed = True
    sys.exit(1 if failed else 0)


main()
