"""Reads the manifest of an exported drive that was unpacked, and the files beside its blobs.

usage: exported.py FOLDER SERIAL        prints one JSON object: blob path (and snapshot) -> what the manifest says
"""

import hashlib
import json
import os
import sys
import xml.etree.ElementTree as ET

folder, serial = sys.argv[1], sys.argv[2]


def content(path):
    with open(os.path.join(folder, *path.strip("\\").split("\\")), "rb") as file:
        return file.read()


def beside(blob, name):
    """The values of a properties or metadata file, whose hash must be the manifest's."""
    found = blob.find(name)
    if found is None:
        return None
    held = content(found.text)
    assert hashlib.md5(held).hexdigest().upper() == found.get("Hash"), found.text
    return {value.tag: value.text for value in ET.fromstring(held)}


root = ET.parse(os.path.join(folder, serial + ".manifest")).getroot()
assert root.tag == "DriveManifest" and root.get("Version") == "2014-11-01"
drive = root.find("Drive")
assert drive.find("DriveId").text == serial
said = {}
for blob in drive.iter("Blob"):
    assert blob.find("ImportDisposition") is None
    path, snapshot = blob.find("FilePath").text, blob.find("Snapshot")
    held = content(path)
    assert len(held) == int(blob.find("Length").text), path
    covered = 0
    for part in [*blob.iter("Block"), *blob.iter("PageRange")]:
        at, length = int(part.get("Offset")), int(part.get("Length"))
        assert at == covered, path
        covered += length
        assert hashlib.md5(held[at : at + length]).hexdigest().upper() == part.get("Hash"), path
    assert covered == len(held), path
    key = blob.find("BlobPath").text + (" " + snapshot.text if snapshot is not None else "")
    assert key not in said, key
    said[key] = {
        "path": path.strip("\\").replace("\\", "/"),
        "pages": blob.find("PageRangeList") is not None,
        "properties": beside(blob, "PropertiesPath"),
        "metadata": beside(blob, "MetadataPath"),
    }
json.dump(said, sys.stdout)
