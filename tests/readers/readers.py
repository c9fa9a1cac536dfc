"""Opens one BitLocker partition with two independent readers and says what they see, as one JSON object.

usage: readers.py IMAGE OFFSET BYTES RECOVERY_PASSWORD [MOST]

With MOST, files of more bytes are named and not hashed, nor is the volume as a whole: for drives that other tests prove.
"""

import hashlib
import json
import sys

import pybde
from dissect.fve.bde import BDE
from dissect.ntfs import NTFS


class Part:
    """The bytes [offset, offset + size) of a file, as a file."""

    def __init__(self, path, offset, size):
        self.file, self.offset, self.size, self.at = open(path, "rb"), offset, size, 0

    def read(self, count=-1):
        left = self.size - self.at
        count = left if count is None or count < 0 else min(count, left)
        self.file.seek(self.offset + self.at)
        data = self.file.read(count)
        self.at += len(data)
        return data

    def seek(self, at, whence=0):
        self.at = at + (0, self.at, self.size)[whence]
        return self.at

    def tell(self):
        return self.at

    def get_size(self):
        return self.size


def sha256(reader, size):
    digest, left = hashlib.sha256(), size
    while left:
        data = reader.read(min(left, 1 << 20))
        digest.update(data)
        left -= len(data)
    return digest.hexdigest()


class Opened(BDE):
    """Keeps the volume master key, so that every copy's sealed hash can be checked with it."""

    def unlock(self, key):
        self.master_key = key
        return super().unlock(key)


def walk(record, path, into, most):
    for name, entry in record.listdir().items():
        child = entry.dereference()
        here = f"{path}{name}"
        if name == "." or (path == "" and name != "$root" and (name.startswith("$") or name == "System Volume Information")):
            continue
        if child.is_dir():
            into[f"{here}/"] = ""
            walk(child, f"{here}/", into, most)
        elif most is not None and child.size() > most:
            into[here] = None
        else:
            into[here] = hashlib.sha256(child.open().read()).hexdigest()


def main():
    image, offset, size, password = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    most = int(sys.argv[5]) if len(sys.argv) > 5 else None
    said = {}

    volume = pybde.volume()
    volume.open_file_object(Part(image, offset, size))
    volume.set_recovery_password(password)
    volume.unlock()
    if most is None:
        said["libbde"] = sha256(volume, size)

    bde = Opened(Part(image, offset, size))
    bde.unlock_with_recovery_password(password)
    copies = bde._available_information
    said["sealed_hashes"] = [copy.is_valid() and copy.check_integrity(bde.master_key) for copy in copies]
    stream = bde.open()
    digest = hashlib.sha256()
    for piece in range(16 if most is None else 1):  # it deciphers a megabyte a second: sixteen places stand for the whole
        stream.seek(size // 16 * piece)
        digest.update(stream.read(131072))
    said["dissect"] = digest.hexdigest()

    files = {}
    walk(NTFS(stream).mft.get(5), "", files, most)
    said["files"] = files
    json.dump(said, sys.stdout)


main()
