"""How objects go: preconditions, finalizers, namespaces with what is in them, and what an owner leaves behind.

A real cluster does the last two in the background, after some time; here they are done when the delete returns, and
what is made for an owner that has just gone goes at once. Dependents whose owner never existed are left alone, and an
owner that is deleted in the foreground does not wait for dependents that finalizers hold.
"""

from __future__ import annotations

from collections.abc import Callable

from .resources import CRDS, NAMESPACES, Registry, ResourceType, custom_storage
from .status import Json, conflict
from .store import Key, Kind, Store


class Deletion:
    """Deletes objects of a store. Called with the store's lock held."""

    def __init__(self, store: Store, registry: Registry, now: Callable[[], str]) -> None:
        self._store = store
        self._registry = registry
        self._now = now
        self._gone: set[str] = set()
        """The uids of what is no more."""

    def delete(self, kind: Kind, key: Key, *, policy: str = "Background") -> Json | None:
        """Delete the object, or mark it when finalizers hold it back.

        Args:
            policy: What becomes of its dependents: Background and Foreground delete them, Orphan frees them.

        Returns:
            The marked object, None when it is gone.
        """
        body = self._store.collection(kind).objects[key]
        if kind == NAMESPACES.storage:
            return self._delete_namespace(body)
        if body["metadata"].get("finalizers"):
            return self._mark(kind, body)
        if kind == CRDS.storage:
            self._delete_custom_objects(body)
        self.finish(kind, key, policy=policy)
        return None

    def finish(self, kind: Kind, key: Key, *, policy: str = "Background") -> Json:
        """Take the object away, whatever holds it, and return its last state."""
        last = self._store.remove(kind, key)
        self._gone.add(last["metadata"]["uid"])
        self._release_dependents(last["metadata"]["uid"], policy)
        self._finish_namespace(key[0])
        return last

    def collect(self, kind: Kind, key: Key) -> None:
        """Delete the object if all who own it have gone: a creation that came too late for them."""
        owners = self._store.collection(kind).objects[key]["metadata"].get("ownerReferences")
        if owners and all(owner["uid"] in self._gone for owner in owners):
            self.delete(kind, key)

    def _mark(self, kind: Kind, body: Json) -> Json:
        if "deletionTimestamp" in body["metadata"]:
            return body
        marks = {"deletionTimestamp": self._now(), "deletionGracePeriodSeconds": 0}
        if "generation" in body["metadata"]:
            marks["generation"] = body["metadata"]["generation"] + 1
        return self._store.put(kind, {**body, "metadata": {**body["metadata"], **marks}})

    def _delete_namespace(self, body: Json) -> Json | None:
        namespace = body["metadata"]["name"]
        marked = self._mark(NAMESPACES.storage, {**body, "status": {"phase": "Terminating"}})
        for kind, key in self._store.in_namespace(namespace):
            if self._store.find(kind, key):
                self.delete(kind, key)
        self._finish_namespace(namespace)
        return marked if self._store.find(NAMESPACES.storage, ("", namespace)) else None

    def _finish_namespace(self, name: str) -> None:
        key = ("", name)
        body = self._store.find(NAMESPACES.storage, key)
        if body and "deletionTimestamp" in body["metadata"] and not self._store.in_namespace(name):
            self.finish(NAMESPACES.storage, key)

    def _delete_custom_objects(self, crd: Json) -> None:
        kind = custom_storage(crd)
        for key in list(self._store.collection(kind).objects):
            self.finish(kind, key)
        self._registry.remove(kind)

    def _release_dependents(self, uid: str, policy: str) -> None:
        for kind, key in sorted(self._store.dependents.get(uid, ())):
            body = self._store.find(kind, key)
            if body is None:
                continue
            left = [each for each in body["metadata"]["ownerReferences"] if each["uid"] != uid]
            if left or policy == "Orphan":
                metadata = {k: v for k, v in body["metadata"].items() if k != "ownerReferences"}
                self._store.put(kind, {**body, "metadata": metadata | ({"ownerReferences": left} if left else {})})
            else:
                self.delete(kind, key)


def check_preconditions(type_: ResourceType, body: Json, wanted: Json) -> None:
    """Refuse unless the object is still the one that is to go.

    Args:
        wanted: The `preconditions` of DeleteOptions: uid, resourceVersion, both or none.

    Raises:
        ApiError: 409, it is another.
    """
    found = body["metadata"]
    for field, words in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        if wanted.get(field) not in {None, found[field]}:
            why = f"the {words} in the precondition ({wanted[field]}) does not match the {words} in record"
            raise conflict(type_.named(found["name"]), f"{why} ({found[field]}). The object might have been modified")
