"""An API server, in memory or real, as the operator's own transport speaks to it: what the contract suites ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from uuid import uuid4

import pytest
from attrs import frozen

from secretsync_k8s.cluster.resources import NAMESPACES, Resource
from secretsync_k8s.cluster.transport import JSON, JSON_PATCH, MERGE_PATCH, ApiError, Body, Json, Transport

TARGET: Json = {"managedSecretReference": {"secretName": "env", "secretNamespace": "default"}}
"""Without a target the CRD takes no KMSSecret."""
PATIENCE = 30.0


@frozen
class World:
    """One API server, and a namespace of its own for the test."""

    transport: Transport
    namespace: str
    forget: Callable[[], None]

    def path(self, resource: Resource, name: str | None = None, subresource: str | None = None) -> str:
        return resource.path(self.namespace, name, subresource)

    def get(self, resource: Resource, name: str, *, accept: str = JSON) -> Json:
        return self.transport.request("GET", self.path(resource, name), accept=accept)

    def list(self, resource: Resource, **query: str) -> Json:
        return self.transport.request("GET", self.path(resource), query=query)

    def create(self, resource: Resource, name: str, *, metadata: Json | None = None, **fields: object) -> Json:
        metadata = {"name": name, "namespace": self.namespace, **(metadata or {})}
        body = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **fields}
        return self.transport.request("POST", self.path(resource), body=body)

    def replace(self, resource: Resource, body: Json, subresource: str | None = None) -> Json:
        path = self.path(resource, body["metadata"]["name"], subresource)
        return self.transport.request("PUT", path, body=body)

    def patch(self, resource: Resource, name: str, body: Body, subresource: str | None = None) -> Json:
        content_type = JSON_PATCH if isinstance(body, list) else MERGE_PATCH
        path = self.path(resource, name, subresource)
        return self.transport.request("PATCH", path, body=body, content_type=content_type)

    def delete(self, resource: Resource, name: str, **options: object) -> Json:
        return self.transport.request("DELETE", self.path(resource, name), body=options)

    def follow(self, resource: Resource, **query: str) -> Iterator[Json]:
        """Yield the events from a version on; the watch ends with the iterator."""
        stream = self.transport.stream(self.path(resource), query={"watch": "true"} | query, timeout=PATIENCE)
        try:
            yield from stream
        finally:
            stream.close()


_numbers = count()


def prepared(transport: Transport, forget: Callable[[], None]) -> World:
    namespace = f"contract-{next(_numbers)}-{uuid4().hex[:8]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    transport.request("POST", NAMESPACES.path(), body=body)
    return World(transport, namespace, forget)


def refusal(call: Callable[[], object]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value


def version(thing: Json) -> str:
    return str(thing["metadata"]["resourceVersion"])


def names(answer: Json) -> list[str]:
    return [item["metadata"]["name"] for item in answer["items"]]
