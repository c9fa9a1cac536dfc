"""Puts blobs into an account by the service's own SDK. Arguments: a connection string, `--over` where blobs that are there
may be replaced, then names and contents; a content `page:N` makes a page blob of N zeros,
`gone:` takes the blob away."""

import sys

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

service = BlobServiceClient.from_connection_string(sys.argv[1])
over = sys.argv[2:3] == ["--over"]
words = sys.argv[3 if over else 2 :]
for name, content in zip(words[::2], words[1::2]):
    container, _, blob = name.partition("/")
    try:
        service.create_container(container)
    except ResourceExistsError:
        pass
    client = service.get_blob_client(container, blob)
    if content.startswith("page:"):
        client.create_page_blob(int(content[5:]))
    elif content == "gone:":
        client.delete_blob()
    else:
        client.upload_blob(content, overwrite=over)
