"""Writes the log that the service writes of a drive: the classic one with the MD5 of every block (hashlib), or today's
verbose log with the CRC-64/NVME of every file, computed here by the polynomial's definition.

usage: copy_log.py ROOT classic|current [--wrong FILE]
"""

import hashlib
import os
import sys
from xml.sax.saxutils import escape, quoteattr

BLOCK = 65536


def table():
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x9A6C9329AC4BC9B5 if byte & 1 else 0)
        rows.append(byte)
    return rows


TABLE = table()


def crc64(content):
    crc = 2**64 - 1
    for byte in content:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 2**64 - 1


def files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in ("System Volume Information", "$RECYCLE.BIN"))
        for name in sorted(names):
            place = os.path.join(folder, name)
            with open(place, "rb") as opened:
                yield os.path.relpath(place, root), opened.read()


def classic(file, content, is_wrong):
    path = "\\" + file.replace("/", "\\")
    print(f'<Blob Status="Completed"><BlobPath>{escape(file)}</BlobPath><FilePath>{escape(path)}</FilePath>')
    print(f'<Length>{len(content)}</Length><ImportDisposition Status="Created">rename</ImportDisposition><BlockList>')
    for at in range(0, len(content), BLOCK):
        block = content[at:at + BLOCK]
        digest = hashlib.md5(b"else" if is_wrong else block).hexdigest().upper()
        print(f'<Block Offset="{at}" Length="{len(block)}" Hash="{digest}" Status="Committed" />')
    print("</BlockList></Blob>")


def current(file, content, is_wrong):
    path = quoteattr(file.replace("/", "\\"))
    print(f'<File CloudFormat="BlockBlob" ETag="0x8D8" Path={path} Size="{len(content)}" crc64="{crc64(content) + is_wrong}">\n</File>')


def main():
    root, form, *rest = sys.argv[1:]
    wrong = rest[1] if rest else None
    if form == "classic":
        print('<?xml version="1.0" encoding="utf-8"?>\n<DriveLog Version="2014-11-01"><DriveId>X</DriveId>')
    for file, content in files(root):
        (classic if form == "classic" else current)(file, content, file == wrong)
    if form == "classic":
        print("<Status>Completed</Status></DriveLog>")


main()
