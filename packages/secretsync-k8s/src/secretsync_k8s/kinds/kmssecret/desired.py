"""What should be: the Secrets of a KMSSecret, computed from answers (kmssecret §4, §4.2, §5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from attrs import evolve

from secretsync.backends.kms.scope import read, token_project
from secretsync.errors import InvalidKey, PathNotFound, TargetTooLarge
from secretsync.queries import Identity
from secretsync.reconcile.settle import Ask
from secretsync.targets import Note, Target
from secretsync.values import Document, Flatten, SecretValue

from ...cluster import marks
from ...cluster.finalizers import Finalizer
from ...cluster.resources import KMSSECRETS
from .connection import Connection
from .spec import FINALIZER, SecretTarget, Spec
from .version import Versioning

FLATTEN: Final = Flatten(imports="first")
"""Between imports the first wins, as in the operator replaced, so that taking over writes no data."""

LARGEST: Final = 1 << 20
_KEY: Final = re.compile(r"[-._a-zA-Z0-9]{1,253}")

_identity: Final = lru_cache(maxsize=256)(Identity)
"""One value for all objects that log in alike: each folder that is asked for holds its identity."""


def desired(
    spec: Spec, ask: Ask, *, where: Connection, versioning: Versioning, slug_max_age: float
) -> tuple[Target, ...]:
    """Return the Secrets; raises what the folder, its keys or its size say against them."""
    digest = ask.digest(spec.credentials) if spec.credentials else b""
    identity = _identity(where.host, spec.method, spec.credentials, digest, where.trust)
    scope = spec.scope
    if not (scope.project_id or scope.project_slug):
        scope = evolve(scope, project_id=token_project(ask, identity, max_age=slug_max_age))
    document = read(ask, identity, scope, slug_max_age=slug_max_age)
    content = document.fields(FLATTEN)
    _check(spec, content, where.host)
    _hold(spec, ask)
    stamp = {f"annotation:{marks.VERSION}": versioning(content)}
    notes = tuple(_notes(document))
    return tuple(
        Target(
            ref=target.ref,
            content=content,
            policy=target.policy,
            mark=spec.object.mark,
            attributes=_attributes(spec, target),
            stamp=stamp,
            fixed={"type": target.type},
            notes=notes,
        )
        for target in spec.targets
    )


def _hold(spec: Spec, ask: Ask) -> None:
    """Have the object stay, when it goes, until what it owns elsewhere is deleted.

    The cluster collects what an owner leaves in its own namespace only. Asked anew in each run until the object is
    seen with the finalizer, so that one which others take away comes back.
    """
    home = spec.object.namespace
    if not spec.is_held and any(target.policy.owns and target.ref.namespace != home for target in spec.targets):
        ask(Finalizer(KMSSECRETS, home, spec.object.name, spec.object.uid, FINALIZER), max_age=0.0)


def _check(spec: Spec, content: Mapping[str, SecretValue], host: str) -> None:
    if not content and not spec.allow_empty:
        # A server answers so for an empty folder, for one that never was, and for one this identity may not see.
        raise PathNotFound(
            host,
            f"list secrets of {spec.scope.path} in {spec.scope.environment}",
            "path not found: the folder is empty, does not exist, or this identity may not see it",
        )
    if wrong := [key for key in content if not _KEY.fullmatch(key)]:
        names = ", ".join(f'"{key}"' for key in wrong)
        raise InvalidKey(f'a Secret can have no key {names}; rename in the KMS, to letters, digits, "-", "_" and "."')
    size = sum(len(key) + len(value.reveal()) for key, value in content.items())
    if size >= LARGEST:
        raise TargetTooLarge(f"{size} bytes in all; a Secret takes less than {LARGEST}: split the folder")


def _attributes(spec: Spec, target: SecretTarget) -> dict[str, str]:
    attributes = {f"annotation:{marks.OWNER_UID}": spec.object.uid}
    attributes |= {f"label:{name}": text for name, text in spec.labels.items()}
    attributes |= {f"annotation:{name}": text for name, text in spec.annotations.items()}
    if target.policy.owns and target.ref.namespace == spec.object.namespace:
        attributes["owner"] = marks.owner_reference(
            api_version=f"{marks.GROUP}/v1alpha1", kind=marks.KIND, name=spec.object.name, uid=spec.object.uid
        )
    return attributes


def _notes(document: Document) -> Iterator[Note]:
    for key, paths in document.duplicates().items():
        yield Note("DuplicateKeys", f'key "{key}" stands in {", ".join(paths)}; the last counts')
