"""Tells, as one JSON object, what is in an account: read by the service's own SDK. Argument: a connection string."""

import base64
import hashlib
import json
import sys

from azure.storage.blob import BlobServiceClient

service = BlobServiceClient.from_connection_string(sys.argv[1])
account = {}
for container in service.list_containers():
    client = service.get_container_client(container.name)
    for item in client.list_blobs(include=["metadata", "uncommittedblobs"]):
        blob = client.get_blob_client(item.name)
        told = {"etag": item.etag, "kind": str(item.blob_type).rsplit(".", 1)[-1]}
        account[f"{container.name}/{item.name}"] = told
        try:
            properties = blob.get_blob_properties()
        except Exception as error:  # A blob that was never committed has no properties.
            told["uncommitted"] = type(error).__name__
            continue
        settings = properties.content_settings
        content = blob.download_blob().readall()
        told.update(
            bytes=properties.size,
            sha256=hashlib.sha256(content).hexdigest(),
            metadata=dict(properties.metadata),
            content_type=settings.content_type,
            content_encoding=settings.content_encoding,
            content_language=settings.content_language,
            cache_control=settings.cache_control,
            content_md5=base64.b64encode(settings.content_md5).decode() if settings.content_md5 else None,
        )
        if told["kind"].lower().startswith("block"):
            committed, _ = blob.get_block_list("all")
            told["blocks"] = [[base64.b64encode(block.id.encode()).decode(), block.size] for block in committed]
        else:
            told["pages"] = [[page.start, page.end] for page in blob.list_page_ranges()]
print(json.dumps(account))
