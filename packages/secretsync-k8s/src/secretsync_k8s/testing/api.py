"""The verbs of an API server on objects in memory.

What is here is what `kubectl`, client libraries and controllers rely on: versions and conflicts, generations,
status sub-resources, finalizers, defaults and validation, list in pages and watch, tokens of service accounts. Left
out: server-side apply, strategic merge patch, `managedFields`, dry runs, admission, authorisation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Final
from uuid import UUID

from secretsync.clock import FOREVER, Clock, Deadline

from . import pages, selectors, strategies, tokens
from .deletion import Deletion, check_preconditions
from .patch import apply, merge
from .request import Request
from .resources import CRDS, NAMESPACES, SERVICE_ACCOUNTS, Registry, ResourceType
from .status import Cause, Json, already_exists, conflict, copied, forbidden, invalid, not_found, plain, success
from .store import Store
from .watch import Event, Watch

_SYSTEM_METADATA: Final = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp")
_KEPT_METADATA: Final = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "generation")
_SUFFIX_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
"""Without vowels, so that generated names spell no words."""
_SUFFIX_LENGTH: Final = 5
_SUBRESOURCES: Final = {"status": frozenset({"get", "update", "patch"}), "token": frozenset({"create"})}
_INITIAL_EVENTS_END: Final = {"k8s.io/initial-events-end": "true"}


class Api:
    """An API server without a network: one request, one answer. Safe to call from several threads.

    Bodies that come in become the store's own, answers share objects with it: whoever hands either on to code that
    may change them copies first.
    """

    def __init__(self, *, clock: Clock, timer: Clock, chance: Random, history: int) -> None:
        self.store = Store(history=history)
        self.registry = Registry()
        self._clock = clock
        self._timer = timer
        self._chance = chance
        self._deletion = Deletion(self.store, self.registry, self._now)
        self._verbs: dict[str, Callable[[Request], Json]] = {
            "get": self._get,
            "list": self._list,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }

    def perform(self, request: Request) -> Json:
        """Return the answer to any verb but watch.

        Raises:
            ApiError: As an API server would answer.
        """
        _check_subresource(request)
        with self.store.lock:
            return self._verbs[request.verb](request)

    def watch(self, request: Request) -> Watch:
        """Return the changes after the option `resourceVersion`; without one, first all that is there as ADDED.

        Raises:
            ApiError: 400 for a selector, a version or a time-out that cannot be read.
        """
        type_ = request.type
        selects = _selects(request)
        version = _number(request, "resourceVersion")
        seconds = _number(request, "timeoutSeconds")
        with self.store.lock:
            from_here = not version or request.options.get("sendInitialEvents") == "true"
            version = self.store.version if from_here else version
            return Watch(
                self.store.collection(type_.storage),
                first=[*(self._added(type_, selects) if from_here else ()), *self._bookmarks(request, version)],
                version=version,
                selects=selects,
                serve=type_.serve,
                bookmark=(lambda: self._bookmark(type_)) if _wants_bookmarks(request) else None,
                deadline=Deadline.after(seconds or FOREVER, self._timer),
            )

    # -- reading

    def _get(self, request: Request) -> Json:
        return request.type.serve(self._stored(request))

    def _list(self, request: Request) -> Json:
        type_, selects = request.type, _selects(request)
        limit, token = _number(request, "limit"), request.options.get("continue", "")
        after = pages.read(token) if token else pages.Place(self.store.version)
        objects = self.store.collection(type_.storage).at(after.version)
        found = sorted(key for key in objects if key > after.key and selects(objects[key]))
        keys = found[:limit] if limit else found
        rest = pages.text(pages.Place(after.version, keys[-1])) if len(keys) < len(found) else ""
        return type_.serve_list([type_.serve_item(objects[key]) for key in keys], after.version, rest)

    def _added(self, type_: ResourceType, selects: selectors.Selector) -> Iterator[Event]:
        objects = self.store.collection(type_.storage).objects
        return (("ADDED", type_.serve(objects[key])) for key in sorted(objects) if selects(objects[key]))

    def _bookmarks(self, request: Request, version: int) -> Iterator[Event]:
        """Yield the bookmark that says the watch is where it starts; what came after that version follows it."""
        if _wants_bookmarks(request):
            type_, bookmark = self._bookmark(request.type, version)
            if request.options.get("sendInitialEvents") == "true":
                bookmark["metadata"]["annotations"] = _INITIAL_EVENTS_END
            yield type_, bookmark

    def _bookmark(self, type_: ResourceType, version: int | None = None) -> Event:
        metadata: Json = {"resourceVersion": str(version or self.store.version), "creationTimestamp": None}
        return "BOOKMARK", {"kind": type_.kind, "apiVersion": type_.api_version, "metadata": metadata}

    def _stored(self, request: Request) -> Json:
        body = self.store.find(request.type.storage, (request.namespace, request.name))
        if body is None:
            raise not_found(request.type.named(request.name))
        return body

    # -- writing

    def _create(self, request: Request) -> Json:
        type_ = request.type
        if request.subresource == "token":
            account, chance = self._stored(request), self._chance.getrandbits(128)
            return tokens.answer(_object(request), account, now=self._clock.now(), chance=chance)
        new = _read_body(request)
        if new["metadata"].get("resourceVersion"):
            raise plain(400, "resourceVersion should not be set on objects to be created")
        name = self._name(type_, new["metadata"])
        self._check_namespace(request, name)
        self._stamp(type_, new["metadata"])
        if type_.has_status:
            new.pop("status", None)
        _check(type_, new, None)
        if self.store.find(type_.storage, (request.namespace, name)):
            raise already_exists(type_.named(name))
        made = self._put(type_, new)
        self._deletion.collect(type_.storage, (request.namespace, name))
        return made

    def _update(self, request: Request) -> Json:
        old = self._stored(request)
        return self._replace(request, old, _read_body(request))

    def _patch(self, request: Request) -> Json:
        old = self._stored(request)
        served, patch = request.type.serve(old), request.body
        patched = apply(served, patch) if isinstance(patch, list) else merge(served, patch)
        return self._replace(request, old, _read_body(request, patched))

    def _replace(self, request: Request, old: Json, new: Json) -> Json:
        type_ = request.type
        _check_version(type_, new, old, patching=request.verb == "patch")
        # A patched body shares parts with the stored one, and defaulting works in place.
        new = copied(_merge_parts(request, new, old))
        _check_end(type_, new["metadata"], old["metadata"])
        _keep_metadata(new["metadata"], old["metadata"])
        _check_finalizers(type_, new, old)
        _check(type_, new, old)
        if "generation" in old["metadata"] and _spec_differs(type_, new, old):
            new["metadata"]["generation"] += 1
        if new == old:
            return type_.serve(old)
        if "deletionTimestamp" in new["metadata"] and not new["metadata"].get("finalizers"):
            return type_.serve(self._deletion.finish(type_.storage, (request.namespace, request.name)))
        return self._put(type_, new)

    def _put(self, type_: ResourceType, new: Json) -> Json:
        stored = self.store.put(type_.storage, new)
        if type_ is CRDS:
            self.registry.define(stored)
        return type_.serve(stored)

    def _delete(self, request: Request) -> Json:
        type_, old = request.type, self._stored(request)
        options = _object(request)
        check_preconditions(type_, old, options.get("preconditions") or {})
        policy = options.get("propagationPolicy") or request.options.get("propagationPolicy", "Background")
        marked = self._deletion.delete(type_.storage, (request.namespace, request.name), policy=policy)
        return type_.serve(marked) if marked else success(type_.named(request.name), old["metadata"]["uid"])

    def _delete_collection(self, request: Request) -> Json:
        storage = request.type.storage
        selects = _selects(request)
        answer = self._list(request)
        objects = self.store.collection(storage).objects
        for key in [key for key in sorted(objects) if selects(objects[key])]:
            if key in objects:  # the deletion of another may have taken it along
                self._deletion.delete(storage, key)
        return answer

    # -- details of a create

    def _name(self, type_: ResourceType, metadata: Json) -> str:
        prefix = metadata.get("generateName")
        if not metadata.get("name") and prefix:
            suffix = "".join(self._chance.choices(_SUFFIX_LETTERS, k=_SUFFIX_LENGTH))
            metadata["name"] = prefix + suffix
        if not metadata.get("name"):
            missing = Cause("metadata.name", "Required value: name or generateName is required", "FieldValueRequired")
            raise invalid(type_.named(""), [missing])
        return str(metadata["name"])

    def _stamp(self, type_: ResourceType, metadata: Json) -> None:
        """Write the metadata that only the server writes over whatever the client sent."""
        for name in _SYSTEM_METADATA:
            metadata.pop(name, None)
        metadata["uid"] = str(UUID(int=self._chance.getrandbits(128), version=4))
        metadata["creationTimestamp"] = self._now()
        if type_.has_status or type_.custom:
            metadata["generation"] = 1

    def _check_namespace(self, request: Request, name: str) -> None:
        if not request.type.namespaced:
            return
        namespace = self.store.find(NAMESPACES.storage, ("", request.namespace))
        if namespace is None:
            raise not_found(NAMESPACES.named(request.namespace))
        if "deletionTimestamp" in namespace["metadata"]:
            why = f"unable to create new content in namespace {request.namespace} because it is being terminated"
            cause = Cause(
                "metadata.namespace", f"namespace {request.namespace} is being terminated", "NamespaceTerminating"
            )
            raise forbidden(request.type.named(name), why, [cause])

    def _now(self) -> str:
        return self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


# -- what needs no state


def _read_body(request: Request, served: Json | None = None) -> Json:
    """Return the stored form of a body, with the request's namespace and name in its metadata.

    Raises:
        ApiError: 400, the body is not an object of that type, or names another object than the request.
    """
    type_ = request.type
    body = dict(_object(request) if served is None else served)
    _check_type(type_, body.pop("apiVersion", None), body.pop("kind", None))
    body = type_.decode(body)
    strategies.read_metadata(body)
    metadata = body["metadata"]
    if request.name and metadata.setdefault("name", request.name) != request.name:
        message = f"the name of the object ({metadata['name']}) does not match the name on the URL ({request.name})"
        raise plain(400, message)
    if not type_.namespaced:
        metadata.pop("namespace", None)
    elif metadata.setdefault("namespace", request.namespace) != request.namespace:
        raise plain(400, "the namespace of the provided object does not match the namespace sent on the request")
    return body


def _object(request: Request) -> Json:
    if isinstance(request.body, dict):
        return request.body
    raise plain(400, "the body of the request is not a JSON object")


def _check_type(type_: ResourceType, api_version: str | None, kind: str | None) -> None:
    # A server with static types fills in what is missing; one that only has a schema cannot.
    if type_.custom and not (api_version and kind):
        raise plain(400, f"Object '{'Kind' if api_version else 'apiVersion'}' is missing")
    if (api_version or type_.api_version, kind or type_.kind) != (type_.api_version, type_.kind):
        given, wanted = f"{api_version}, Kind={kind}", f"{type_.api_version}, Kind={type_.kind}"
        raise plain(400, f"the object provided is unrecognized: {given} was sent to where {wanted} is served")


def _check(type_: ResourceType, new: Json, old: Json | None) -> None:
    causes = [*strategies.metadata(new, type_.valid_name), *type_.prepare(new, old)]
    if causes:
        raise invalid(type_.named(new["metadata"]["name"]), causes)


def _check_version(type_: ResourceType, new: Json, old: Json, *, patching: bool) -> None:
    what = type_.named(old["metadata"]["name"])
    uid, version = new["metadata"].get("uid"), new["metadata"].get("resourceVersion")
    if patching and uid not in {None, "", old["metadata"]["uid"]}:
        raise invalid(what, [Cause("metadata.uid", f'Invalid value: "{uid}": field is immutable')])
    if uid not in {None, "", old["metadata"]["uid"]}:
        found = old["metadata"]["uid"]
        raise conflict(what, f"Precondition failed: UID in precondition: {uid}, UID in object meta: {found}")
    if not version and not patching and not type_.unconditional_update:
        needed = "Invalid value: 0: must be specified for an update"
        raise invalid(what, [Cause("metadata.resourceVersion", needed)])
    if version and version != old["metadata"]["resourceVersion"]:
        raise conflict(what)


def _merge_parts(request: Request, new: Json, old: Json) -> Json:
    """Return `new` with what this request may not write taken from `old`."""
    if request.subresource == "status":
        kept = {name: value for name, value in old.items() if name != "status"}
        return {**kept, "metadata": dict(old["metadata"])} | ({"status": new["status"]} if "status" in new else {})
    if request.type.has_status:
        new = {name: value for name, value in new.items() if name != "status"}
        return new | ({"status": old["status"]} if "status" in old else {})
    return new


def _check_end(type_: ResourceType, new: Json, old: Json) -> None:
    """Refuse another time of deletion; to leave it out is fine."""
    end = new.get("deletionTimestamp")
    if end and end != old.get("deletionTimestamp"):
        cause = Cause("metadata.deletionTimestamp", f"Invalid value: {end}: field is immutable")
        raise invalid(type_.named(old["name"]), [cause])


def _keep_metadata(new: Json, old: Json) -> None:
    """Give `new` the parts of the metadata that only the server writes."""
    for name in (*_KEPT_METADATA, "resourceVersion", "deletionGracePeriodSeconds", "generateName"):
        if name in old:
            new[name] = old[name]
        else:
            new.pop(name, None)


def _check_finalizers(type_: ResourceType, new: Json, old: Json) -> None:
    if "deletionTimestamp" not in old["metadata"]:
        return
    added = [
        each for each in new["metadata"].get("finalizers", ()) if each not in old["metadata"].get("finalizers", ())
    ]
    if added:
        why = "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers"
        cause = Cause("metadata.finalizers", f"{why} {added}", "FieldValueForbidden")
        raise invalid(type_.named(old["metadata"]["name"]), [cause])


def _spec_differs(type_: ResourceType, new: Json, old: Json) -> bool:
    apart = {"metadata", "status"} if type_.has_status else {"metadata"}
    names = (new.keys() | old.keys()) - apart
    return any(new.get(name) != old.get(name) for name in names)


def _check_subresource(request: Request) -> None:
    if not request.subresource:
        return
    verbs = _SUBRESOURCES.get(request.subresource, frozenset())
    if request.subresource not in _served(request.type):
        raise plain(404, "the server could not find the requested resource")
    if request.verb not in verbs:
        raise plain(405, "the server does not allow this method on the requested resource")


def _served(type_: ResourceType) -> Iterator[str]:
    if type_.has_status:
        yield "status"
    if type_ is SERVICE_ACCOUNTS:
        yield "token"


def _wants_bookmarks(request: Request) -> bool:
    return request.options.get("allowWatchBookmarks") == "true"


def _selects(request: Request) -> selectors.Selector:
    """Return what the request's namespace and selectors select among stored objects."""
    type_, namespace = request.type, request.namespace
    by_labels = selectors.labels(request.options.get("labelSelector", ""))
    by_fields = selectors.fields(request.options.get("fieldSelector", ""), type_.selectable)

    def selects(body: Json) -> bool:
        inside = not namespace or body["metadata"].get("namespace") == namespace
        return inside and by_labels(body) and by_fields(type_.encode(body))

    return selects


def _number(request: Request, name: str) -> int:
    text = request.options.get(name) or "0"
    if not text.isdecimal():
        raise plain(400, f"{name}: Invalid value: {text!r}: must be a whole number")
    return int(text)
