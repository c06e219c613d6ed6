"""What can be asked of an API server, as methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from .request import Verb
from .status import Json

JsonPatch = list[Json]


class Verbs(ABC):
    """The verbs of an API server; what answers them is a subclass's.

    They take a resource by its plural (`secrets`) or, where two groups have one of that name, its full name
    (`events.events.k8s.io`), and raise `ApiError` as an API server would answer.
    """

    @abstractmethod
    def _call(
        self,
        verb: Verb,
        resource: str,
        *,
        namespace: str,
        name: str = "",
        subresource: str = "",
        body: Json | JsonPatch | None = None,
        options: Mapping[str, str] = {},
    ) -> Json:
        """Return the answer to one request; see `Request`."""

    def get(self, resource: str, name: str, *, namespace: str = "default", subresource: str = "") -> Json:
        return self._call("get", resource, namespace=namespace, name=name, subresource=subresource)

    def list(self, resource: str, *, namespace: str = "", labels: str = "", fields: str = "") -> Json:
        """Return the List object, sorted by namespace and name; of every namespace when none is given."""
        return self._call("list", resource, namespace=namespace, options=selectors(labels, fields))

    def create(self, resource: str, body: Json, *, namespace: str = "") -> Json:
        """Create the object in `namespace`, or in the one its metadata names, or in `default`."""
        namespace = namespace or body.get("metadata", {}).get("namespace") or "default"
        return self._call("create", resource, namespace=namespace, body=body)

    def update(self, resource: str, body: Json, *, subresource: str = "") -> Json:
        """Replace the object that the body's metadata names; with its resourceVersion only if that is current."""
        metadata = body["metadata"]
        namespace = metadata.get("namespace", "default")
        return self._call(
            "update", resource, namespace=namespace, name=metadata["name"], subresource=subresource, body=body
        )

    def patch(
        self,
        resource: str,
        name: str,
        patch: Json | JsonPatch,
        *,
        namespace: str = "default",
        subresource: str = "",
    ) -> Json:
        """Apply a JSON merge patch, or a JSON patch if it is a list.

        One that carries a resourceVersion or uid is applied to that very object only.
        """
        return self._call("patch", resource, namespace=namespace, name=name, subresource=subresource, body=patch)

    def delete(
        self,
        resource: str,
        name: str,
        *,
        namespace: str = "default",
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> Json:
        """Delete the object, if it still is what the preconditions say.

        Returns:
            A Status, or the object when finalizers hold it back.
        """
        wanted = {"uid": uid, "resourceVersion": resource_version}
        body = {"preconditions": {name: value for name, value in wanted.items() if value is not None}}
        return self._call("delete", resource, namespace=namespace, name=name, body=body)

    def delete_collection(self, resource: str, *, namespace: str, labels: str = "", fields: str = "") -> Json:
        """Delete what is selected and return the List of it."""
        return self._call("deletecollection", resource, namespace=namespace, options=selectors(labels, fields))


def selectors(labels: str, fields: str) -> dict[str, str]:
    return {"labelSelector": labels, "fieldSelector": fields}
