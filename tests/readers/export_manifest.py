"""Writes what the service writes onto an export drive: a properties file beside each .mov, and the manifest with the MD5
of every block, by Python's own hashlib.

usage: export_manifest.py ROOT SERIAL [--blob FILE=BLOB] [--wrong FILE] [--absent FILE] [--page FILE] ...
  FILE is relative to ROOT; --blob names its blob, --wrong gives its last block another hash, --absent lists a file that is
  not there, --page lists ranges of a page blob, leaving out those that are zeros.
"""

import base64
import hashlib
import os
import struct
import sys
from xml.sax.saxutils import escape, quoteattr

BLOCK = 4 << 20


def md5(content):
    return hashlib.md5(content).hexdigest().upper()


def drive_path(file):
    return "\\" + file.replace("/", "\\")


def ranges(content, is_page):
    size = 65536 if is_page else BLOCK
    for index, at in enumerate(range(0, len(content), size)):
        block = content[at:at + size]
        if is_page and not any(block):
            continue
        identity = "" if is_page else f" Id={quoteattr(base64.b64encode(struct.pack('<I', index)).decode())}"
        yield at, len(block), identity, md5(block)


def blob(file, content, options):
    name = options["blob"].get(file, file)
    is_page = file in options["page"]
    listed = list(ranges(content, is_page))
    if file in options["wrong"]:
        at, length, identity, _ = listed[-1]
        listed[-1] = at, length, identity, md5(b"something else")
    around, within = ("PageRangeList", "PageRange") if is_page else ("BlockList", "Block")
    lines = [f"<Blob><BlobPath>{escape(name)}</BlobPath><FilePath>{escape(drive_path(file))}</FilePath>"]
    lines += [f"<Length>{len(content)}</Length><{around}>"]
    lines += [f'<{within} Offset="{at}" Length="{length}"{identity} Hash="{digest}" />' for at, length, identity, digest in listed]
    lines += [f"</{around}>"]
    return "".join(lines)


def main():
    root, serial, *rest = sys.argv[1:]
    options = {"blob": {}, "wrong": set(), "absent": set(), "page": set()}
    for option, value in zip(rest[::2], rest[1::2]):
        if option == "--blob":
            file, name = value.split("=", 1)
            options["blob"][file] = name
        else:
            options[option[2:]].add(value)
    blobs = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in ("System Volume Information", "$RECYCLE.BIN"))
        for name in sorted(files):
            if name.endswith((".manifest", ".properties")):
                continue
            place = os.path.join(folder, name)
            file = os.path.relpath(place, root)
            with open(place, "rb") as opened:
                content = opened.read()
            text = blob(file, content, options)
            if name.endswith(".mov"):
                properties = '<?xml version="1.0" encoding="UTF-8"?>\n<Properties><Content-Type>video/quicktime</Content-Type></Properties>'
                with open(place + ".properties", "w", encoding="utf-8") as opened:
                    opened.write(properties)
                beside = escape(drive_path(file + ".properties"))
                text += f'<PropertiesPath Hash="{md5(properties.encode())}">{beside}</PropertiesPath>'
            blobs.append(text + "</Blob>")
    blobs += [blob(file, b"lost", options) + "</Blob>" for file in sorted(options["absent"])]
    with open(os.path.join(root, serial + ".manifest"), "w", encoding="utf-8") as manifest:
        manifest.write('<?xml version="1.0" encoding="UTF-8"?>\n<DriveManifest Version="2011-10-01"><Drive>')
        manifest.write(f"<DriveId>{escape(serial)}</DriveId><ClientCreator>Windows Azure Import/Export service</ClientCreator>")
        manifest.write("<BlobList>" + "\n".join(blobs) + "</BlobList></Drive></DriveManifest>\n")


main()
