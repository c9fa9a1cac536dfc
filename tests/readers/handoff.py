"""Reads the bodies of jobs with the services' own SDKs and says what they see, as one JSON object.

usage: handoff.py IMPORT_EXPORT_JSON DATABOX_JSON
"""

import json
import sys

from azure.mgmt.databox import models as databox
from azure.mgmt.storageimportexport import models as import_export


def lost(sent, kept, place=""):
    """Returns the fields of a body that the SDK does not know."""
    if isinstance(sent, dict):
        kept = kept if isinstance(kept, dict) else {}
        return [name for key in sent for name in lost(sent[key], kept.get(key), f"{place}/{key}")]
    if isinstance(sent, list):
        kept = kept if isinstance(kept, list) else []
        kept += [None] * (len(sent) - len(kept))
        return [name for number, item in enumerate(sent) for name in lost(item, kept[number], f"{place}/{number}")]
    return [] if sent == kept else [place]


def classic(path):
    with open(path, encoding="utf-8") as file:
        body = json.load(file)
    job = import_export.PutJobParameters.deserialize(body)
    drives = {drive.drive_id: [drive.bit_locker_key, drive.manifest_file, drive.manifest_hash] for drive in job.properties.drive_list}
    return {"wrong": [str(error) for error in job.validate()], "unknown": lost(body, job.serialize()), "drives": drives}


def disks(path):
    with open(path, encoding="utf-8") as file:
        body = json.load(file)
    job = databox.JobResource(body)
    details = job.properties.details
    fields = {field._rest_name for field in type(details)._attr_to_rest_field.values()}
    found = details.import_disk_details_collection
    drives = {serial: [disk.bit_locker_key, disk.manifest_file, disk.manifest_hash] for serial, disk in found.items()}
    return {
        "kind": [type(details).__name__, str(job.sku.name.value), str(job.properties.transfer_type.value)],
        "unknown": sorted(set(body["properties"]["details"]) - fields),
        "drives": drives,
    }


print(json.dumps({"import_export": classic(sys.argv[1]), "databox": disks(sys.argv[2])}))
