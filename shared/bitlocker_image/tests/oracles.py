"""Opens a BitLocker volume with libbde (pybde) and dissect.fve.

Usage: oracles.py IMAGE CREDENTIALS RECOVERY_PASSWORD PASSPHRASE BEK_FILE PIECE...
CREDENTIALS are names with commas between: recovery,passphrase,bek. A PIECE is START:LENGTH. Prints one line per reader and credential: reader, credential, SHA-256 of the whole decrypted
volume. dissect.fve is slow: it hashes only the pieces; but it has to confirm the hash that the volume master key
seals, which libbde does not look at.
"""

import hashlib
import sys

import pybde
from dissect.fve.bde import BDE

CHUNK = 1 << 20


def sha256(stream, pieces):
    digest = hashlib.sha256()
    for start, size in pieces:
        stream.seek(start)
        while size:
            data = stream.read(min(CHUNK, size))
            assert data, "the view ends too early"
            digest.update(data)
            size -= len(data)
    return digest.hexdigest()


def with_libbde(path, unlock):
    volume = pybde.volume()
    with open(path, "rb") as image:
        unlock(volume)
        volume.open_file_object(image)
        if volume.is_locked():
            volume.unlock()
        assert not volume.is_locked(), "libbde finds the volume locked"
        return sha256(volume, [(0, volume.get_size())])


def with_dissect(path, unlock, pieces):
    with open(path, "rb") as image:
        volume = BDE(image)
        assert len(volume._valid_information) == 3, "dissect.fve finds a bad copy"
        checked = []
        check = volume.information.check_integrity
        volume.information.check_integrity = lambda key: checked.append(check(key))
        unlock(volume)
        assert checked == [True], "dissect.fve finds the sealed hash wrong"
        return sha256(volume.open(), pieces)


def main(path, names, recovery, passphrase, bek, *pieces):
    pieces = [tuple(map(int, piece.split(":"))) for piece in pieces]
    libbde = {
        "recovery": lambda volume: volume.set_recovery_password(recovery),
        "passphrase": lambda volume: volume.set_password(passphrase),
        "bek": lambda volume: volume.read_startup_key(bek),
    }
    dissect = {
        "recovery": lambda volume: volume.unlock_with_recovery_password(recovery),
        "passphrase": lambda volume: volume.unlock_with_passphrase(passphrase),
        "bek": lambda volume: volume.unlock_with_bek(open(bek, "rb")),
    }
    for name in names.split(","):
        print("libbde", name, with_libbde(path, libbde[name]))
        print("dissect", name, with_dissect(path, dissect[name], pieces))


main(*sys.argv[1:])
