"""The Secrets and ConfigMaps that a KMSSecret keeps, as its manifest names them (kmssecret §2, §2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from attrs import evolve

from secretsync.classes import frozen
from secretsync.policies import KMS_ORPHAN, KMS_OWNER, Adopt, Policy
from secretsync.targets import Ref

from ...cluster.marks import PREFIX
from ...cluster.resources import CONFIGMAPS, SECRETS
from ...cluster.secrets import target
from ...cluster.shapes import OPAQUE, RESERVED
from .blocks import Block

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_SECRETS: Final = ("secretName", "secretNamespace")
_CONFIGMAPS: Final = ("configMapName", "configMapNamespace")


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
class KeptTarget:
    """One Secret or ConfigMap to keep; without a template it holds every secret.

    Attributes:
        type: Of a Secret; "" for a ConfigMap.
    """

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
        merge: Others have keys there too: these stay, and so does the target when its object goes.
    """

    adopt: Adopt = Adopt.UNOWNED
    recreate: bool = False
    merge: bool = False


def targets(spec: Block, policies: Policies) -> tuple[KeptTarget, ...]:
    """Return the targets of a spec, Secrets first; notes what is wrong with them."""
    seen: dict[Ref, str] = {}
    read = [(block, _secret(block, policies)) for block in _secrets(spec)]
    read += [(block, _configmap(block, policies)) for block in spec.blocks("managedKubeConfigMapReferences")]
    for block, kept in read:
        if kept.ref in seen:
            block.problem(f"names {kept.ref}, as {seen[kept.ref]} does; remove one of them")
        seen.setdefault(kept.ref, block.place)
    return tuple(kept for _, kept in read)


def _secrets(spec: Block) -> Iterator[Block]:
    several = tuple(spec.blocks("managedKubeSecretReferences"))
    single = spec.block("managedSecretReference")
    others = bool(several) or "managedKubeConfigMapReferences" in spec
    # One without a name is none beside others, as the rules of the CRD say.
    has_single = "secretName" in single or (bool(single.raw) and not others)
    if has_single and several:
        spec.problem("names managedSecretReference and managedKubeSecretReferences; keep one of them")
    elif not has_single and not others:
        spec.problem("is missing; name the Secret to keep", "managedSecretReference")
    yield from ((single,) if has_single else ()) + several


def _secret(block: Block, policies: Policies) -> KeptTarget:
    ref = _ref(block, _SECRETS, SECRETS.kind)
    kind = block.optional("secretType") or OPAQUE
    if kind in RESERVED:
        block.problem(f'"{kind}" is the cluster\'s own and never written; choose another', "secretType")
    return KeptTarget(ref, kind, _policy(_orphans(block), policies), _template(block.block("template")))


def _configmap(block: Block, policies: Policies) -> KeptTarget:
    ref = _ref(block, _CONFIGMAPS, CONFIGMAPS.kind)
    return KeptTarget(ref, "", _policy(_orphans(block), policies), _template(block.block("template")))


def _orphans(block: Block) -> bool:
    return block.optional("creationPolicy") == "Orphan"


@cache
def _policy(orphan: bool, policies: Policies) -> Policy:  # noqa: FBT001 - what a cache goes by
    """Return the policy, one for all objects that say the same."""
    if policies.merge:
        return evolve(KMS_ORPHAN, exclusive=False, adopt=policies.adopt)
    return evolve(KMS_ORPHAN if orphan else KMS_OWNER, recreate=policies.recreate, adopt=policies.adopt)


def _ref(block: Block, names: tuple[str, str], kind: str) -> Ref:
    name, namespace = (_name(block, one, kind) for one in names)
    return target(namespace, name, kind)


def _name(block: Block, name: str, kind: str) -> str:
    text = block.text(name, f"name the {kind} to keep and its namespace")
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
