"""What should be: the targets of a KMSSecret, computed from answers (kmssecret §4, §4.2, §5)."""

from __future__ import annotations

import re
from typing import Final

from secretsync.errors import InvalidKey, InvalidValue, TargetTooLarge
from secretsync.reconcile.ask import Ask
from secretsync.targets import Content, Target
from secretsync.values import SecretValue

from ...cluster import marks
from ...cluster.finalizers import Finalizer
from ...cluster.resources import CONFIGMAPS, KMSSECRETS
from .connection import Connection
from .reading import read_secrets
from .rendering import Sourced, content
from .spec import FINALIZER, Spec
from .targets import KeptTarget
from .version import Versioning

LARGEST: Final = 1 << 20
_KEY: Final = re.compile(r"[-._a-zA-Z0-9]{1,253}")


def desired(
    spec: Spec, ask: Ask, *, where: Connection, versioning: Versioning, slug_max_age: float, sourced: Sourced
) -> tuple[Target, ...]:
    """Return the targets; raises what the folder, a template, its keys or its size say against them."""
    read = read_secrets(spec, ask, where=where, slug_max_age=slug_max_age)
    contents = [content(spec, target, read.rows, sourced) for target in spec.targets]
    for target, made in zip(spec.targets, contents, strict=True):
        _check(target, made)
    _hold(spec, ask)
    return tuple(
        Target(
            ref=target.ref,
            content=made,
            policy=target.policy,
            mark=spec.object.mark,
            attributes=_attributes(spec, target),
            stamp={f"annotation:{marks.VERSION}": versioning(made)},
            fixed={"type": target.type} if target.type else {},
            notes=read.notes,
        )
        for target, made in zip(spec.targets, contents, strict=True)
    )


def _hold(spec: Spec, ask: Ask) -> None:
    """Have the object stay, when it goes, until what it owns elsewhere is deleted.

    The cluster collects what an owner leaves in its own namespace only. Asked anew in each run until the object is
    seen with the finalizer, so that one which others take away comes back.
    """
    home = spec.object.namespace
    if not spec.is_held and any(target.policy.owns and target.ref.namespace != home for target in spec.targets):
        ask(Finalizer(KMSSECRETS, home, spec.object.name, spec.object.uid, FINALIZER), max_age=0.0)


def _check(target: KeptTarget, content: Content) -> None:
    kind = target.ref.kind
    if wrong := [key for key in content if not _KEY.fullmatch(key)]:
        names = _names(wrong)
        raise InvalidKey(f'a {kind} can have no key {names}; rename in the KMS, to letters, digits, "-", "_" and "."')
    if kind == CONFIGMAPS.kind and (wrong := [key for key, value in content.items() if not _is_text(value)]):
        raise InvalidValue(f"{target.ref} takes texts alone, and {_names(wrong)} holds bytes; keep it in a Secret")
    size = sum(len(key) + len(value.reveal()) for key, value in content.items())
    if size >= LARGEST:
        raise TargetTooLarge(f"{size} bytes in all; a {kind} takes less than {LARGEST}: split the folder")


def _names(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _is_text(value: SecretValue) -> bool:
    try:
        value.text()
    except ValueError:
        return False
    return True


def _attributes(spec: Spec, target: KeptTarget) -> dict[str, str]:
    template = target.template
    labels, annotations = spec.labels, spec.annotations
    if template is not None and template.labels is not None and template.annotations is not None:
        labels, annotations = template.labels, template.annotations
    attributes = {f"annotation:{marks.OWNER_UID}": spec.object.uid}
    attributes |= {f"label:{name}": text for name, text in labels.items()}
    attributes |= {f"annotation:{name}": text for name, text in annotations.items()}
    if target.policy.owns and target.ref.namespace == spec.object.namespace:
        attributes["owner"] = marks.owner_reference(
            api_version=f"{marks.GROUP}/v1alpha1", kind=marks.KIND, name=spec.object.name, uid=spec.object.uid
        )
    return attributes
