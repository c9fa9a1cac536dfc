"""A drive that fails or lies as it is told, over an image file: a plugin for nbdkit.

The rules are lines of a file that is read again at each request, so that a fault can come and go.
Numbers are bytes; END is behind the last one.

  fail-write START END PASSES  a write that touches the range fails, once so many did not
  fail-read START END PASSES   the same for reads
  drop START END               what is written there is confirmed and lost
  wrap-at BYTES                the true size: what lies behind it is in truth at the start
  stale START END              what is written there is there until the next flush confirms it: then
                               there is again what was there before
  rot AT                       one bit of this byte flips at the first flush after it was written
  die-write START END PASSES   the program is gone like `fail-write` fails
"""

import errno
import os
import signal

import nbdkit

API_VERSION = 2

image = None
rules_path = None
disk = -1
size = 0
# Which file of rules was read last.
told = None
# How many reads or writes touched the range of each rule that lets some pass.
passed = {}
# Pieces of the ranges of `stale` that no flush confirmed yet, by offset.
unflushed = {}
# Bytes of `rot` that were written and did not flip yet.
fresh = set()
rotten = set()


def config(key, value):
    global image, rules_path
    if key == "image":
        image = value
    elif key == "rules":
        rules_path = value
    else:
        raise RuntimeError("unknown parameter " + key)


def get_ready():
    global disk, size
    disk = os.open(image, os.O_RDWR)
    size = os.fstat(disk).st_size


def thread_model():
    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


def open(readonly):
    return 1


def get_size(handle):
    return size


def can_write(handle):
    return True


def can_flush(handle):
    return True


def can_fua(handle):
    return nbdkit.FUA_EMULATE


def can_trim(handle):
    return False


def rules():
    """Returns the numbers of each rule that stands, by its name."""
    global told
    found = {}
    try:
        with os.fdopen(os.open(rules_path, os.O_RDONLY)) as lines:
            facts = os.fstat(lines.fileno())
            if told != (facts.st_ino, facts.st_mtime_ns):
                # A rule that comes again begins anew.
                told = (facts.st_ino, facts.st_mtime_ns)
                for state in (passed, fresh, rotten):
                    state.clear()
            for line in lines:
                name, *numbers = line.split()
                found.setdefault(name, []).append(tuple(int(number) for number in numbers))
    except FileNotFoundError:
        pass
    return found


def touches(ranges, at, length):
    return any(start < at + length and at < end for start, end in ranges)


def is_due(standing, name, at, length):
    """Returns whether a rule of that name says that this is the time."""
    due = False
    for numbers in standing.get(name, []):
        start, end, passes = numbers
        if touches([(start, end)], at, length):
            key = (name, *numbers)
            passed[key] = passed.get(key, 0) + 1
            due = due or passed[key] > passes
    return due


def fail(what, at):
    nbdkit.set_error(errno.EIO)
    raise RuntimeError(f"cannot {what} at {at:#x}, as told")


def true_places(standing, at, length):
    """Yields where each part really lies: offset on the medium, offset and length in the request."""
    true_size = min([size] + [bytes for bytes, in standing.get("wrap-at", [])])
    done = 0
    while done < length:
        place = (at + done) % true_size
        part = min(length - done, true_size - place)
        yield place, done, part
        done += part


def kept(dropped, at, length):
    """Returns the parts of a request that are not dropped: start and end in the request."""
    parts = [(0, length)]
    for start, end in dropped:
        start, end = start - at, end - at
        cut = [[(a, min(b, start)), (max(a, end), b)] for a, b in parts]
        parts = [(a, b) for two in cut for a, b in two if a < b]
    return parts


def pread(handle, buf, offset, flags):
    standing = rules()
    if is_due(standing, "fail-read", offset, len(buf)):
        fail("read", offset)
    for place, done, part in true_places(standing, offset, len(buf)):
        buf[done : done + part] = os.pread(disk, part, place)
    for at, piece in unflushed.items():
        start, end = max(at, offset), min(at + len(piece), offset + len(buf))
        if start < end:
            buf[start - offset : end - offset] = piece[start - at : end - at]


def pwrite(handle, buf, offset, flags):
    standing = rules()
    if is_due(standing, "die-write", offset, len(buf)):
        os.kill(os.getpid(), signal.SIGKILL)
    if is_due(standing, "fail-write", offset, len(buf)):
        fail("write", offset)
    if touches(standing.get("stale", []), offset, len(buf)):
        # The later of two pieces at one place wins: it comes behind.
        unflushed.pop(offset, None)
        unflushed[offset] = bytes(buf)
        return
    for start, end in kept(standing.get("drop", []), offset, len(buf)):
        for place, done, part in true_places(standing, offset + start, end - start):
            os.pwrite(disk, buf[start + done : start + done + part], place)
    for at, in standing.get("rot", []):
        if offset <= at < offset + len(buf) and at not in rotten:
            fresh.add(at)


def flush(handle, flags):
    unflushed.clear()
    for at in fresh:
        byte = os.pread(disk, 1, at)[0]
        os.pwrite(disk, bytes([byte ^ 1]), at)
    rotten.update(fresh)
    fresh.clear()
