"""Tells, as one JSON object by name, what is in an account of thousands of blobs: read by the service's own SDK, the facts from
the listing, the content of every blob downloaded and hashed. Argument: a connection string."""

import base64
import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor

from azure.storage.blob import BlobServiceClient

service = BlobServiceClient.from_connection_string(sys.argv[1])


def text(md5):
    return base64.b64encode(md5).decode() if md5 else None


def told(container, item):
    settings = item.content_settings
    blob = container.get_blob_client(item.name)
    content = blob.download_blob().readall()
    facts = {
        "kind": str(item.blob_type).rsplit(".", 1)[-1].lower().removesuffix("blob"),
        "bytes": item.size,
        "sha256": hashlib.sha256(content).hexdigest(),
        "right_md5": settings.content_md5 is not None and bytes(settings.content_md5) == hashlib.md5(content).digest(),
        "metadata": dict(item.metadata or {}),
        "content_type": settings.content_type,
        "cache_control": settings.cache_control,
    }
    # The emulator refuses to list the pages of nothing.
    if facts["kind"] == "page" and item.size:
        facts["pages"] = [[page.start, page.end] for page in blob.list_page_ranges()]
    return f"{container.container_name}/{item.name}", facts


account = {}
with ThreadPoolExecutor(4) as threads:
    for container in service.list_containers():
        client = service.get_container_client(container.name)
        items = list(client.list_blobs(include=["metadata"]))
        account.update(threads.map(lambda item: told(client, item), items))
json.dump(account, sys.stdout)
