"""Puts blobs into a store through the official SDK, or changes them: `blobs.py CONNECTION COMMAND...`.

fill           the sample that the tests export; prints what is in it, by path and snapshot, as JSON
overwrite P N  puts N other bytes into blob P
spoil P        gives blob P a Content-MD5 that is not its own
archive P      moves blob P into the archive tier
put P FILE     puts a file
blocks P N     puts a blob of N bytes by blocks of 3 MB, of which the store makes no hash
folder P       puts what a store with folders makes of a folder
sparse P N AT LENGTH...  puts a page blob of N bytes that holds something there, and is zeros else; prints its SHA-256
pages P AT N   puts N bytes of pages into a page blob
snapshot P     makes a snapshot, and prints its time
settings P     gives a blob every header that it can have
container C    makes a container
headers P      prints the headers of a blob as JSON
crc64 P...     prints the CRC-64/NVME of blobs, in decimal digits
"""

import base64
import hashlib
import json
import sys

from azure.storage.blob import BlobBlock, BlobServiceClient, ContentSettings

service = BlobServiceClient.from_connection_string(sys.argv[1])


def noise(seed, length):
    block = hashlib.sha256(str(seed).encode()).digest()
    out = bytearray()
    while len(out) < length:
        block = hashlib.sha256(block).digest()
        out += block * 64
    return bytes(out[:length])


def table(byte):
    for _ in range(8):
        byte = (byte >> 1) ^ (0x9A6C9329AC4BC9B5 if byte & 1 else 0)
    return byte


TABLE = [table(byte) for byte in range(256)]


def client(path, snapshot=None):
    container, name = path.split("/", 1)
    return service.get_blob_client(container, name, snapshot=snapshot)


def put_pages(blob, at, content):
    for start in range(0, len(content), 4 << 20):
        piece = content[start : start + (4 << 20)]
        blob.upload_page(piece, at + start, len(piece))


def add_zeros(whole, count):
    zeros = bytes(1 << 20)
    while count > 0:
        whole.update(zeros[:count])
        count -= len(zeros)


def fill():
    made = {}

    def note(path, content, snapshot=None):
        facts = client(path, snapshot).get_blob_properties()
        md5 = facts.content_settings.content_md5
        made[path + (" " + snapshot if snapshot else "")] = {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "etag": facts.etag,
            "type": facts.content_settings.content_type,
            "md5": base64.b64encode(md5).decode() if md5 else None,
            "metadata": facts.metadata,
        }

    for container in ["film", "music", "$root", "books-a", "con"]:
        service.create_container(container)
    plain = {
        "film/raw/a.mov": noise(1, 9_000_000),
        "film/raw/b.txt": b"hello",
        "film/empty": b"",
        "music/love/x.mp3": noise(2, 70_000),
        "music/loveless.mp3": noise(3, 5_000),
        "$root/logo.bmp": noise(4, 3_000),
        "books-a/one.pdf": noise(5, 100_000),
        "con/NUL.txt": b"device names",
        # What NTFS cannot hold as it is.
        "film/odd/what?: \"quoted\"*.txt": b"odd",
        "film/odd/tail. ": b"tail",
        "film/odd//double": b"double",
        "film/odd/Case": b"upper",
        "film/odd/case": b"lower",
        "film/odd/folder": b"also a folder",
        "film/odd/folder/inside": b"inside",
        "film/odd/\u00e9t\u00e9 50% #1+&=.txt": b"characters",
        "film/odd/b.txt.properties": b"no properties file",
        "film/odd/b.txt": b"one with a neighbour",
        "film/odd/" + "n" * 250: b"long",
    }
    for path, content in plain.items():
        client(path).upload_blob(content)
        note(path, content)
    client("film/raw/a.mov").set_blob_metadata({"Project": "alpha", "owner": "lab <7> & co"})
    client("film/raw/a.mov").set_http_headers(
        ContentSettings(
            content_type="video/quicktime",
            content_language="en",
            content_encoding="identity",
            cache_control="no-cache",
            content_md5=hashlib.md5(plain["film/raw/a.mov"]).digest(),
        )
    )
    note("film/raw/a.mov", plain["film/raw/a.mov"])
    page = bytes(512 * 1024) + noise(6, 512 * 100) + bytes(512 * 1000)
    blob = client("film/disk.vhd")
    blob.create_page_blob(len(page))
    blob.upload_page(page[512 * 1024 : 512 * 1124], 512 * 1024, 512 * 100)
    note("film/disk.vhd", page)
    blob = client("film/log.txt")
    blob.create_append_blob()
    for line in [b"first\n", b"second\n"]:
        blob.append_block(line)
    note("film/log.txt", b"first\nsecond\n")
    blob = client("film/story.txt")
    blob.upload_blob(b"the first version")
    snapshot = blob.create_snapshot()["snapshot"]
    blob.upload_blob(b"the second version", overwrite=True)
    note("film/story.txt", b"the second version")
    note("film/story.txt", b"the first version", snapshot)
    return made


command, rest = sys.argv[2], sys.argv[3:]
if command == "fill":
    print(json.dumps(fill()))
elif command == "overwrite":
    client(rest[0]).upload_blob(noise("other", int(rest[1])), overwrite=True)
elif command == "spoil":
    settings = ContentSettings(content_md5=hashlib.md5(b"something else").digest())
    client(rest[0]).set_http_headers(settings)
elif command == "archive":
    client(rest[0]).set_standard_blob_tier("Archive")
elif command == "crc64":
    for path in rest:
        crc = 0xFFFFFFFFFFFFFFFF
        for byte in client(path).download_blob().readall():
            crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
        print(crc ^ 0xFFFFFFFFFFFFFFFF)
elif command == "folder":
    client(rest[0]).upload_blob(b"", metadata={"hdi_isfolder": "true"})
elif command == "put":
    with open(rest[1], "rb") as file:
        client(rest[0]).upload_blob(file.read(), overwrite=True)
elif command == "blocks":
    blob, content, names = client(rest[0]), noise(rest[0], int(rest[1])), []
    for at in range(0, len(content), 3_000_000):
        names.append(BlobBlock(f"{at:012}"))
        blob.stage_block(names[-1].id, content[at : at + 3_000_000])
    blob.commit_block_list(names)
elif command == "sparse":
    blob, length = client(rest[0]), int(rest[1])
    blob.create_page_blob(length)
    held = dict(zip(map(int, rest[2::2]), map(int, rest[3::2])))
    whole, through = hashlib.sha256(), 0
    for at, count in sorted(held.items()):
        put_pages(blob, at, noise(at, count))
        add_zeros(whole, at - through)
        whole.update(noise(at, count))
        through = at + count
    add_zeros(whole, length - through)
    print(whole.hexdigest())
elif command == "pages":
    put_pages(client(rest[0]), int(rest[1]), noise("other", int(rest[2])))
elif command == "snapshot":
    print(client(rest[0]).create_snapshot()["snapshot"])
elif command == "settings":
    content = client(rest[0]).download_blob().readall()
    settings = ContentSettings(
        content_type="video/quicktime",
        content_language="de",
        content_encoding="identity",
        cache_control="max-age=60",
        content_disposition="attachment; filename=a.mov",
        content_md5=hashlib.md5(content).digest(),
    )
    client(rest[0]).set_http_headers(settings)
elif command == "container":
    service.create_container(rest[0])
elif command == "headers":
    settings = client(rest[0]).get_blob_properties().content_settings
    held = {name: settings[name] for name in settings.keys()}
    print(json.dumps({**held, "content_md5": bytes(held["content_md5"] or b"").hex()}))
else:
    sys.exit("which command?")
