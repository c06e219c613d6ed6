"""The Secrets that a KMSSecret keeps, as its manifest names them (kmssecret §2, §2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from attrs import evolve, frozen

from secretsync.policies import KMS_ORPHAN, KMS_OWNER, Adopt, Policy
from secretsync.targets import Ref

from ...cluster import secrets
from ...cluster.marks import PREFIX
from ...cluster.secrets import RESERVED
from .blocks import Block

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_NOT_YET: Final = "is not supported by this version; remove it"


@frozen
class Template:
    """How a target's content is made of the secrets.

    Attributes:
        data: The template of each key.
        with_all: Every secret goes in too, under its own key; what a template makes wins.
        labels: In place of those of the object, as `annotations`; None where the manifest names neither.
    """

    data: Mapping[str, str]
    with_all: bool
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None


@frozen
class SecretTarget:
    """One Secret to keep; without a template it holds every secret."""

    ref: Ref
    type: str
    policy: Policy
    template: Template | None = None


@frozen
class Policies:
    """What holds for all targets of an object.

    Attributes:
        adopt: Which Secrets of others it may take over.
        recreate: One of another type is deleted and made anew.
    """

    adopt: Adopt = Adopt.UNOWNED
    recreate: bool = False


def targets(spec: Block, policies: Policies) -> tuple[SecretTarget, ...]:
    """Return the targets of a spec; notes what is wrong with them."""
    seen: dict[Ref, str] = {}
    found = []
    for block in _blocks(spec):
        target = _target(block, policies)
        if target.ref in seen:
            block.problem(f"names {target.ref}, as {seen[target.ref]} does; remove one of them")
        seen.setdefault(target.ref, block.place)
        found.append(target)
    return tuple(found)


def _blocks(spec: Block) -> Iterator[Block]:
    several = tuple(spec.blocks("managedKubeSecretReferences"))
    single = spec.block("managedSecretReference")
    # One without a name is none beside others, as the rules of the CRD say.
    has_single = "secretName" in single or (bool(single.raw) and not several)
    if "managedKubeConfigMapReferences" in spec:
        spec.problem(_NOT_YET, "managedKubeConfigMapReferences")
    if has_single and several:
        spec.problem("names managedSecretReference and managedKubeSecretReferences; keep one of them")
    elif not has_single and not several:
        spec.problem("is missing; name the Secret to keep", "managedSecretReference")
    yield from ((single,) if has_single else ()) + several


def _target(block: Block, policies: Policies) -> SecretTarget:
    name = _name(block, "secretName")
    ref = secrets.target(_name(block, "secretNamespace"), name)
    policy = _policy(block.optional("creationPolicy") == "Orphan", policies)
    kind = block.optional("secretType") or "Opaque"
    if kind in RESERVED:
        block.problem(f'"{kind}" is the cluster\'s own and never written; choose another', "secretType")
    return SecretTarget(ref, kind, policy, _template(block.block("template")))


@cache
def _policy(orphan: bool, policies: Policies) -> Policy:  # noqa: FBT001 - what a cache goes by
    """Return the policy, one for all objects that say the same."""
    return evolve(KMS_ORPHAN if orphan else KMS_OWNER, recreate=policies.recreate, adopt=policies.adopt)


def _name(block: Block, name: str) -> str:
    text = block.text(name, "name the Secret to keep and its namespace")
    if text and not _NAME.fullmatch(text):
        block.problem(f'"{text}" is no name; use lower-case letters, digits, "-" and "."', name)
    return text


def _template(block: Block) -> Template | None:
    """Return the template, None for one of which nothing says anything.

    One that names no data is about the metadata alone: the original makes an empty Secret of it.
    """
    if block.says_nothing:
        return None
    data = block.strings("data")
    metadata = block.block("metadata")
    labels, annotations = (_metadata(metadata, name) for name in ("labels", "annotations"))
    given = bool(metadata.raw)
    with_all = block.is_on("includeAllSecrets") or not data
    return Template(data, with_all, labels if given else None, annotations if given else None)


def _metadata(block: Block, name: str) -> Mapping[str, str]:
    texts = block.strings(name)
    for key in texts:
        if key.startswith(PREFIX):
            block.problem(f'names "{key}", which is the operator\'s own; remove it', name)
    return texts
