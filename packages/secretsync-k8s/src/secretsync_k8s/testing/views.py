"""The forms an answer can take: whole, metadata only, or a table, as the client's Accept header asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Literal

from .resources import ResourceType
from .status import Json, plain
from .table import partial, table

View = Literal["Whole", "Metadata", "Table"]

_VIEWS: dict[str, View] = {
    "": "Whole",
    "Table": "Table",
    "PartialObjectMetadata": "Metadata",
    "PartialObjectMetadataList": "Metadata",
}


@lru_cache(maxsize=64)
def negotiate(accept: str) -> View:
    """Return the first form that the Accept header lists and this server has.

    Raises:
        ApiError: 406, there is none.
    """
    for media_range in accept.split(",") if accept else ("application/json",):
        media_type, *parameters = (part.strip() for part in media_range.split(";"))
        wanted = dict(parameter.partition("=")[::2] for parameter in parameters)
        view = _VIEWS.get(wanted.get("as", ""))
        if media_type in {"application/json", "application/*", "*/*"} and view and wanted.get("v", "v1") == "v1":
            return view
    raise plain(406, "only the following media types are accepted: application/json")


def shown(body: Json, view: View, type_: ResourceType, *, now: datetime, options: Mapping[str, str]) -> Json:
    """Return an object or a List in that form; a Status stays what it is."""
    if view == "Whole" or body["kind"] == "Status":
        return body
    if view == "Metadata":
        return _metadata_only(body)
    items = body.get("items", [body])
    metadata = {"resourceVersion": body["metadata"].get("resourceVersion", "")}
    include = options.get("includeObject", "Metadata")
    return table(map(type_.decode, items), type_.columns, metadata=metadata, now=now, include=include)


def _metadata_only(body: Json) -> Json:
    if "items" not in body:
        return partial(body)
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": body["metadata"],
        "items": [partial(item) for item in body["items"]],
    }
