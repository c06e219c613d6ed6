"""The KMSSecrets in a user's files: read and checked as a cluster and the operator would, every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Final

from attrs import field

from secretsync.auth.universal import METHOD as UNIVERSAL
from secretsync.classes import frozen
from secretsync.errors import InvalidInput

from ..cluster.marks import GROUP, KIND
from ..cluster.transport import Json
from ..kinds.kmssecret.spec import MERGE, decode
from ..manifests import crd
from ..manifests.reading import Manifest, read
from ..testing.schema import Structure, normalise

_VERSION: Final = f"{GROUP}/v1alpha1"
_KEPT: Final = ("name", "namespace", "labels", "annotations")
"""Of the metadata; the rest is the cluster's own, and stands in what was read from one."""
_STRUCTURE: Final = Structure.of(crd("kmssecrets")["spec"]["versions"][0]["schema"]["openAPIV3Schema"])


@frozen
class Inputs:
    """What files hold.

    Attributes:
        objects: The KMSSecrets, with the defaults of the schema.
        others: What else there is, as `kind name`.
    """

    objects: tuple[Json, ...] = field(repr=False)
    others: tuple[str, ...]


def load(paths: Iterable[Path]) -> Inputs:
    """Return what files and folders hold.

    Raises:
        InvalidInput: With every problem, each as `file:line:column: path: what, remedy`.
    """
    manifests = read(paths)
    ours = [manifest for manifest in manifests if manifest.body.get("kind") == KIND]
    others = tuple(_named(manifest.body) for manifest in manifests if manifest.body.get("kind") != KIND)
    check = _Check()
    objects = tuple(obj for manifest in ours if (obj := check.object(manifest)) is not None)
    if not ours:
        check.problems.append(f"there is no {KIND} in these files; other kinds are left out")
    if check.problems:
        raise InvalidInput(check.problems)
    return Inputs(objects, others)


def _named(body: Json) -> str:
    metadata = body.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    return f"{body.get('kind', 'an object without a kind')} {name}".strip()


class _Check:
    """Looks at one object after the other, and knows those that it has seen."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._seen: dict[tuple[str, ...], str] = {}

    def object(self, manifest: Manifest) -> Json | None:
        """Return the object as a cluster would keep it; None if something is wrong with it."""
        before = len(self.problems)
        body = self._cleaned(manifest)
        if body is not None:
            self.problems += [f"{manifest.place(path)}: {path}: {text}" for path, text in _problems(body)]
        if body is None or len(self.problems) > before:
            return None
        self._claims(manifest, body)
        return body

    def _cleaned(self, manifest: Manifest) -> Json | None:
        """Return the object without what only a cluster writes."""
        metadata = manifest.body.get("metadata")
        if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
            self._note(manifest, "metadata.name", "missing; give the object a name")
            return None
        if (version := manifest.body.get("apiVersion")) != _VERSION:
            self._note(manifest, "apiVersion", f'"{version}" is not known; write {_VERSION}')
            return None
        kept = {"namespace": "default"} | {name: metadata[name] for name in _KEPT if metadata.get(name)}
        spec = deepcopy(manifest.body.get("spec"))
        return {"apiVersion": _VERSION, "kind": KIND, "metadata": kept, "spec": spec}

    def _claims(self, manifest: Manifest, body: Json) -> None:
        """Note what an earlier object is called, or asks for, too."""
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        self._claim(manifest, "metadata.name", (KIND, namespace, name))
        for target in decode(body).targets:
            self._claim(manifest, "spec", ("Secret", str(target.ref)))

    def _claim(self, manifest: Manifest, path: str, what: tuple[str, ...]) -> None:
        place = manifest.place(path)
        if what in self._seen:
            said = f"{what[0]} {'/'.join(what[1:])}" if what[0] == KIND else what[1]
            self._note(manifest, path, f"{said} is taken by {self._seen[what]}; one of them must go")
        self._seen.setdefault(what, place)

    def _note(self, manifest: Manifest, path: str, text: str) -> None:
        self.problems.append(f"{manifest.place(path)}: {path}: {text}")


def _problems(body: Json) -> Iterator[tuple[str, str]]:
    """Yield path and text of all that a cluster or the operator would refuse; fills in defaults."""
    causes = list(normalise(body, _STRUCTURE))
    for cause in causes:
        yield cause.field, cause.message
    if causes:
        return
    try:
        spec = decode(body)
    except InvalidInput as error:
        for problem in error.problems:
            path, _, text = problem.partition(" ")
            yield path.rstrip(":"), text
    else:
        if spec.method != UNIVERSAL:
            yield "spec.authentication", f"{spec.method.name} is not simulated; write universalAuth in its place"
        if spec.keys or spec.single:
            yield "spec.authentication", "keys and secretName are not simulated; remove them"
        if any(target.template or not target.type for target in spec.targets):
            yield "spec", "templates and ConfigMaps are not simulated; remove them"
        if any(not target.policy.exclusive for target in spec.targets):
            yield "metadata.annotations", f"{MERGE} is not simulated; remove it"
