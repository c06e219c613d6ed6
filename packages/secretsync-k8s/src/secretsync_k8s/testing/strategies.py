"""What the API server fills in and checks for each built-in resource before it stores an object.

Each function takes the new object (changed in place) and the stored one, None at creation, and returns what is
wrong. A body that cannot even be read as its type is a 400 instead, as in a server with static types.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import field

from secretsync.classes import frozen

from .status import Cause, Json, plain

MAX_SECRET_BYTES: Final = 1024 * 1024
_MAX_ANNOTATION_BYTES: Final = 256 * 1024
_MAX_KEY: Final = 253
_MAX_NAME_PART: Final = 63
_MAX_NOTE: Final = 1024
_OPTIONAL_METADATA: Final = frozenset({"labels", "annotations", "finalizers", "ownerReferences"})
_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
_QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_DNS_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS_SUBDOMAIN: Final = rf"{_DNS_LABEL}(\.{_DNS_LABEL})*"


@frozen
class NameRule:
    """What names of a resource look like."""

    words: str
    pattern: re.Pattern[str] = field(repr=False)
    longest: int

    def problem(self, name: str) -> str:
        """Return what is wrong with the name, "" when nothing is."""
        if len(name) > self.longest:
            return f"must be no more than {self.longest} characters"
        return "" if self.pattern.fullmatch(name) else self.words


LABEL: Final = NameRule(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    f"with an alphanumeric character (e.g. 'my-name', regex used for validation is '{_DNS_LABEL}')",
    re.compile(_DNS_LABEL),
    63,
)
SUBDOMAIN: Final = NameRule(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_DNS_SUBDOMAIN}')",
    re.compile(_DNS_SUBDOMAIN),
    253,
)

_NEEDED_KEYS: Final = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
_BASIC_AUTH: Final = "kubernetes.io/basic-auth"


# -- metadata, which every object has


def metadata(body: Json, rule: NameRule) -> Iterator[Cause]:
    """Yield what is wrong with an object's name, labels, annotations, finalizers and owner references."""
    meta = body["metadata"]
    if problem := rule.problem(meta["name"]):
        yield Cause("metadata.name", f'Invalid value: "{meta["name"]}": {problem}')
    for key, value in meta.get("labels", {}).items():
        yield from _qualified_name("metadata.labels", key)
        yield from _label_value(value)
    annotations = meta.get("annotations", {})
    for key in annotations:
        yield from _qualified_name("metadata.annotations", key)
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _MAX_ANNOTATION_BYTES:
        too_long = f"Too long: may not be more than {_MAX_ANNOTATION_BYTES} bytes"
        yield Cause("metadata.annotations", too_long, "FieldValueTooLong")
    for finalizer in meta.get("finalizers", ()):
        yield from _qualified_name("metadata.finalizers", finalizer)
    yield from _owners(meta.get("ownerReferences", ()))


def _owners(references: Sequence[Json]) -> Iterator[Cause]:
    for index, reference in enumerate(references):
        for name in ("apiVersion", "kind", "name", "uid"):
            if not reference.get(name):
                path = f"metadata.ownerReferences[{index}].{name}"
                yield Cause(path, 'Invalid value: "": must not be empty')
    if sum(reference.get("controller") is True for reference in references) > 1:
        only_one = "Only one reference can have Controller set to true"
        yield Cause("metadata.ownerReferences", f"Invalid value: {only_one}")


def read_metadata(body: Json) -> None:
    """Replace the metadata of a body by a copy without its empty parts.

    Raises:
        ApiError: 400, a part of it has another type than metadata has.
    """
    meta = body.get("metadata") or {}
    if not isinstance(meta, dict):
        raise plain(400, "json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta")
    body["metadata"] = meta = {name: value for name, value in meta.items() if value or name not in _OPTIONAL_METADATA}
    for name in ("labels", "annotations"):
        _texts(meta, name, f"metadata.{name}")


def _qualified_name(path: str, key: str) -> Iterator[Cause]:
    prefix, slash, name = key.rpartition("/")
    if slash and (not prefix or SUBDOMAIN.problem(prefix)):
        yield Cause(path, f'Invalid value: "{key}": prefix part {SUBDOMAIN.words}')
    if len(name) > _MAX_NAME_PART:
        yield Cause(path, f'Invalid value: "{key}": name part must be no more than {_MAX_NAME_PART} bytes')
    elif not _QUALIFIED.fullmatch(name):
        words = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
        yield Cause(path, f'Invalid value: "{key}": {words} alphanumeric character')


def _label_value(value: str) -> Iterator[Cause]:
    if len(value) > _MAX_NAME_PART:
        yield Cause("metadata.labels", f'Invalid value: "{value}": must be no more than {_MAX_NAME_PART} bytes')
    elif value and not _QUALIFIED.fullmatch(value):
        words = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and"
        tail = "must start and end with an alphanumeric character"
        yield Cause("metadata.labels", f'Invalid value: "{value}": {words} {tail}')


# -- one strategy a resource


def secret(new: Json, old: Json | None) -> list[Cause]:
    """Return what is wrong with a Secret; `stringData` becomes `data`, and the type is Opaque where none is given."""
    _texts(new, "stringData", "stringData")
    _texts(new, "data", "data")
    plain_texts = new.pop("stringData", None) or {}
    data = {**(new.get("data") or {}), **{key: _base64(text) for key, text in plain_texts.items()}}
    sizes = {key: _decoded_size(text) for key, text in data.items()}
    _set_or_drop(new, "data", data)
    new["type"] = new.get("type") or "Opaque"
    if new.get("immutable") is None:
        new.pop("immutable", None)
    return [*_keys(data), *_size(sizes), *_needed_keys(new["type"], data), *_secret_update(new, old)]


def config_map(new: Json, old: Json | None) -> list[Cause]:
    """Return what is wrong with a ConfigMap."""
    for name in ("data", "binaryData"):
        _texts(new, name, name)
        _set_or_drop(new, name, new.get(name) or {})
    data, binary = new.get("data", {}), new.get("binaryData", {})
    sizes = {key: len(text.encode()) for key, text in data.items()}
    sizes |= {key: _decoded_size(text) for key, text in binary.items()}
    twice = [
        Cause(f"binaryData[{key}]", f'Invalid value: "{key}": duplicate of key present in data')
        for key in data.keys() & binary.keys()
    ]
    frozen_parts = _immutable(new, old, ("data", "binaryData")) if old else ()
    return [*_keys(data), *_keys(binary, "binaryData"), *_size(sizes, ""), *twice, *frozen_parts]


def namespace(new: Json, old: Json | None) -> list[Cause]:
    """Fill in what every namespace has; nothing is wrong."""
    name = new["metadata"]["name"]
    new["metadata"]["labels"] = {**new["metadata"].get("labels", {}), "kubernetes.io/metadata.name": name}
    new["spec"] = {"finalizers": ["kubernetes"]}
    new["status"] = old["status"] if old else {"phase": "Active"}
    return []


def lease(new: Json, old: Json | None) -> list[Cause]:  # noqa: ARG001 - the form of a `Prepare`
    """Return what is wrong with a Lease."""
    spec = new.get("spec") or {}
    least = {"leaseDurationSeconds": 1, "leaseTransitions": 0}
    return [
        Cause(f"spec.{name}", f"Invalid value: {spec[name]}: must be greater than or equal to {low}")
        for name, low in least.items()
        if isinstance(spec.get(name), int) and spec[name] < low
    ]


def workload(new: Json, old: Json | None) -> list[Cause]:  # noqa: ARG001 - the form of a `Prepare`
    """Return what is wrong with the annotations of a workload's pods."""
    metadata = ((new.get("spec") or {}).get("template") or {}).get("metadata") or {}
    names = metadata.get("annotations") or {}
    return [cause for name in names for cause in _qualified_name("spec.template.annotations", name)]


def event(new: Json, old: Json | None) -> list[Cause]:
    """Return what is wrong with an Event of events.k8s.io, which is stored in the words of v1."""
    if old is not None:
        return []
    missing = [
        Cause(told, "Required value", "FieldValueRequired")
        for name, told in (("action", "action"), ("reason", "reason"), ("reportingComponent", "reportingController"))
        if not new.get(name)
    ]
    if new.get("type") not in {"Normal", "Warning"}:
        missing.append(Cause("type", 'Invalid value: "": has invalid value'))
    if len(new.get("message", "").encode()) > _MAX_NOTE:
        missing.append(Cause("message", f"Invalid value: can have at most {_MAX_NOTE} characters"))
    return missing


def crd(new: Json, old: Json | None) -> list[Cause]:
    """Return what is wrong with a CustomResourceDefinition; an accepted one is established at once."""
    spec: Any = new.get("spec")
    try:
        names, group, versions = spec["names"], spec["group"], spec["versions"]
        plural, kind, scope = names["plural"], names["kind"], spec["scope"]
        stored = [version["name"] for version in versions if version["storage"]]
    except (TypeError, KeyError):
        needed = "group, scope, names.plural, names.kind and versions with name and storage are needed"
        return [Cause("spec", f"Required value: {needed}", "FieldValueRequired")]
    if scope not in {"Namespaced", "Cluster"}:
        supported = f'Unsupported value: "{scope}": supported values: "Cluster", "Namespaced"'
        return [Cause("spec.scope", supported, "FieldValueNotSupported")]
    if new["metadata"]["name"] != f"{plural}.{group}":
        return [
            Cause(
                "metadata.name", f'Invalid value: "{new["metadata"]["name"]}": must be spec.names.plural+"."+spec.group'
            )
        ]
    names.setdefault("singular", kind.lower())
    names.setdefault("listKind", f"{kind}List")
    spec.setdefault("conversion", {"strategy": "None"})
    since = old["status"]["conditions"][0]["lastTransitionTime"] if old else new["metadata"]["creationTimestamp"]
    new["status"] = {"conditions": _established(since), "acceptedNames": names, "storedVersions": stored}
    return []


def _established(since: str) -> list[Json]:
    facts = (("NamesAccepted", "NoConflicts", "no conflicts found"), ("Established", "InitialNamesAccepted", ""))
    return [
        {"type": type_, "status": "True", "reason": reason, "message": message, "lastTransitionTime": since}
        for type_, reason, message in facts
    ]


def _secret_update(new: Json, old: Json | None) -> Iterator[Cause]:
    if old is None:
        return
    if new["type"] != old["type"]:
        yield Cause("type", f'Invalid value: "{new["type"]}": field is immutable')
    yield from _immutable(new, old, ("data",))


def _immutable(new: Json, old: Json, parts: tuple[str, ...]) -> Iterator[Cause]:
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield Cause("immutable", "Forbidden: field is immutable when `immutable` is set", "FieldValueForbidden")
    for part in parts:
        if new.get(part) != old.get(part):
            yield Cause(part, "Forbidden: field is immutable when `immutable` is set", "FieldValueForbidden")


def _keys(data: Mapping[str, object], part: str = "data") -> Iterator[Cause]:
    for key in data:
        path = f"{part}[{key}]"
        if len(key) > _MAX_KEY:
            yield Cause(path, f'Invalid value: "{key}": must be no more than {_MAX_KEY} characters')
        elif not _KEY.fullmatch(key):
            words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
            example = (
                r"(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
            )
            yield Cause(path, f'Invalid value: "{key}": {words} {example}')
        elif key in {".", ".."} or key.startswith(".."):
            yield Cause(path, f"Invalid value: \"{key}\": must not start with '..'")


def _size(sizes: Mapping[str, int], path: str = "data") -> Iterator[Cause]:
    if sum(sizes.values()) > MAX_SECRET_BYTES:
        yield Cause(path, f"Too long: may not be more than {MAX_SECRET_BYTES} bytes", "FieldValueTooLong")


def _needed_keys(type_: str, data: Mapping[str, object]) -> Iterator[Cause]:
    if type_ == _BASIC_AUTH and not data.keys() & {"username", "password"}:
        yield Cause("data[username]", "Required value", "FieldValueRequired")
        yield Cause("data[password]", "Required value", "FieldValueRequired")
    for key in _NEEDED_KEYS.get(type_, ()):
        if key not in data:
            yield Cause(f"data[{key}]", "Required value", "FieldValueRequired")


def _texts(body: Json, name: str, path: str) -> None:
    """Raise 400 unless that part of the body is missing, null or a map of texts; null values become empty texts."""
    part = body.get(name)
    if part is None:
        return
    if not isinstance(part, dict) or not all(isinstance(value, str | None) for value in part.values()):
        raise plain(400, f"json: cannot unmarshal into Go struct field .{path} of type map[string]string")
    body[name] = {key: value or "" for key, value in part.items()}


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _decoded_size(text: str) -> int:
    try:
        return len(b64decode(text, validate=True))
    except (BadBase64, ValueError):
        # The original error names the byte that is wrong, hence a part of a value.
        raise plain(400, "illegal base64 data in data") from None


def _set_or_drop(body: Json, name: str, value: Any) -> None:
    if value:
        body[name] = value
    else:
        body.pop(name, None)
