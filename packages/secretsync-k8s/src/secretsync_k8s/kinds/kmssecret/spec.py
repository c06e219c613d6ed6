"""What a KMSSecret manifest says (kmssecret §2, §2.1), normalised, with every problem at once.

Empty text, empty object and null mean "absent" everywhere: typed Go clients of the original write every block with
empty strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from sys import intern
from typing import Any, Final

from attrs import evolve, field, frozen

from secretsync.backends.kms.scope import Scope
from secretsync.backends.kms.urls import normalise
from secretsync.errors import InvalidInput, InvalidSpec
from secretsync.policies import KMS_ORPHAN, KMS_OWNER, Adopt, Policy
from secretsync.targets import Ref

from ...cluster import secrets
from ...cluster.marks import KIND, PREFIX
from ...cluster.secrets import RESERVED, ClusterSecret
from ...cluster.trust import BundleRef
from ..base import Json, ObjectRef

INTERVAL: Final = 60
SHORTEST: Final = 10
"""Objects stored before the schema had a minimum may hold less."""

NEVER_COPIED: Final = ("kubectl.kubernetes.io/", "kubernetes.io/", "k8s.io/", "helm.sh/", PREFIX)
"""How labels and annotations begin that speak of the object itself (kmssecret §4.2)."""

ALLOW_EMPTY: Final = f"{PREFIX}allow-empty"
RECREATE: Final = f"{PREFIX}recreate-on-type-change"

FINALIZER: Final = f"{KIND.lower()}.{PREFIX}cleanup"

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "": 1}
_INTERVAL: Final = re.compile(r"([0-9]+)([smhdw]?)")
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")

_METHODS: Final = (
    "serviceToken",
    "serviceAccount",
    "universalAuth",
    "kubernetesAuth",
    "awsIamAuth",
    "azureAuth",
    "gcpIdTokenAuth",
    "gcpIamAuth",
    "ldapAuth",
)
_NOT_YET: Final = "is not supported by this version; remove it"


@frozen
class SecretTarget:
    """One Secret to keep."""

    ref: Ref
    type: str
    policy: Policy


@frozen
class Spec:
    """A KMSSecret, normalised; `period` in seconds.

    Attributes:
        labels: Those of the object that its Secrets carry too; `annotations` likewise.
        allow_empty: An empty folder is no mistake.
        host: "" where the object names none.
        ca: The certificates to trust, None where the object names none.
        is_held: The object carries our finalizer.
        instant: Listen to the KMS's change feed besides.
    """

    object: ObjectRef
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    allow_empty: bool
    is_held: bool
    host: str
    ca: BundleRef | None
    period: float
    instant: bool
    credentials: ClusterSecret
    scope: Scope
    targets: tuple[SecretTarget, ...]


def decode(obj: Json, *, adopt: Adopt = Adopt.UNOWNED, no_copy: tuple[str, ...] = ()) -> Spec:
    """Return what the object says.

    Args:
        adopt: Which Secrets of others it may take over.
        no_copy: How labels and annotations begin that stay with the object, beside `NEVER_COPIED`.

    Raises:
        InvalidSpec: With every problem.
    """
    reader = _Reader(_pruned(obj.get("spec")) or {}, obj["metadata"], adopt, (*NEVER_COPIED, *no_copy))
    spec = reader.spec(obj)
    if reader.problems:
        raise InvalidSpec(reader.problems)
    return spec


def interval(spec: Json) -> float | None:
    """Return the seconds between two checks of an object with this spec; None where what it says is no interval."""
    written = (spec.get("syncConfig") or {}).get("resyncInterval")
    if written in {None, ""}:
        return float(max(SHORTEST, int(spec.get("resyncInterval") or INTERVAL)))
    match = _INTERVAL.fullmatch(str(written))
    return float(max(SHORTEST, int(match[1]) * _UNITS[match[2]])) if match else None


def instant(spec: Json) -> bool:
    """Return whether an object with this spec asks for the change feed."""
    return bool((spec.get("syncConfig") or {}).get("instantUpdates", spec.get("instantUpdates")))


@cache
def _policy(orphan: bool, recreate: bool, adopt: Adopt) -> Policy:  # noqa: FBT001 - what a cache goes by
    """Return the policy, one for all objects that say the same."""
    return evolve(KMS_ORPHAN if orphan else KMS_OWNER, recreate=recreate, adopt=adopt)


def _pruned(value: Any) -> Any:
    """Return the value without anything that means "absent"."""
    if isinstance(value, dict):
        kept = {key: pruned for key, item in value.items() if (pruned := _pruned(item)) is not None}
        return kept or None
    if isinstance(value, list):
        return [pruned for item in value if (pruned := _pruned(item)) is not None] or None
    return None if value == "" else value


@frozen
class _Reader:
    """Reads one spec and notes what is wrong with it."""

    raw: Json
    metadata: Json
    adopt: Adopt
    not_copied: tuple[str, ...]
    problems: list[str] = field(factory=list)

    def spec(self, obj: Json) -> Spec:
        annotations = self.metadata.get("annotations") or {}
        host, ca, period = self._host(), self._ca(), self._period()
        method, place = self._method(), "spec.authentication.universalAuth"
        return Spec(
            object=ObjectRef.of(obj),
            labels=self._copied(self.metadata.get("labels") or {}),
            annotations=self._copied(annotations),
            allow_empty=annotations.get(ALLOW_EMPTY) == "true",
            is_held=FINALIZER in (self.metadata.get("finalizers") or ()),
            host=host,
            ca=ca,
            period=period,
            instant=instant(self.raw),
            credentials=self._credentials(method.get("credentialsRef") or {}, f"{place}.credentialsRef"),
            scope=self._scope(method.get("secretsScope") or {}, f"{place}.secretsScope"),
            targets=tuple(self._targets(recreate=annotations.get(RECREATE) == "true")),
        )

    def _copied(self, texts: Mapping[str, str]) -> Mapping[str, str]:
        return {name: text for name, text in texts.items() if not name.startswith(self.not_copied)}

    def _problem(self, place: str, text: str) -> None:
        self.problems.append(f"{place} {text}")

    def _text(self, block: Json, name: str, place: str, hint: str) -> str:
        value = block.get(name)
        if value is None:
            self._problem(f"{place}.{name}", f"is missing; {hint}")
            return ""
        return str(value)

    def _host(self) -> str:
        written = self.raw.get("hostAPI")
        try:
            return normalise(written, place="spec.hostAPI") if written else ""
        except InvalidInput as error:
            self.problems.extend(error.problems)
            return ""

    def _ca(self) -> BundleRef | None:
        block = (self.raw.get("tls") or {}).get("caRef")
        if not block:
            return None
        hint = "name the Secret and its key that hold the CA certificates"
        names = ("secretNamespace", "secretName", "key")
        return BundleRef(*(self._text(block, name, "spec.tls.caRef", hint) for name in names))

    def _period(self) -> float:
        period = interval(self.raw)
        if period is None:
            self._problem(
                "spec.syncConfig.resyncInterval", 'is no interval; write a number and s, m, h, d or w, as in "5m"'
            )
        return period or INTERVAL

    def _method(self) -> Json:
        """Return the block of universalAuth; exactly one method may be there (the original picked one by chance)."""
        blocks = self.raw.get("authentication") or {}
        named = [f"authentication.{name}" for name in _METHODS if name in blocks]
        named += ["tokenSecretReference"] if "tokenSecretReference" in self.raw else []
        if len(named) > 1:
            self._problem("spec.authentication", f"names several methods ({', '.join(named)}); keep one")
        elif not named:
            self._problem("spec.authentication", "names no method; add universalAuth")
        elif "universalAuth" not in blocks:
            self._problem(f"spec.{named[0]}", "is not supported by this version; use universalAuth")
        return blocks.get("universalAuth") or {}

    def _credentials(self, block: Json, place: str) -> ClusterSecret:
        hint = "name the Secret that holds clientId and clientSecret"
        return ClusterSecret(
            self._text(block, "secretNamespace", place, hint), self._text(block, "secretName", place, hint)
        )

    def _scope(self, block: Json, place: str) -> Scope:
        slug, project = block.get("projectSlug") or "", block.get("projectId") or ""
        if bool(slug) == bool(project):
            both = "both projectSlug and" if slug else "neither projectSlug nor"
            self._problem(place, f"names {both} projectId; give one of them")
        for name in ("keys", "secretName"):
            if name in block:
                self._problem(f"{place}.{name}", _NOT_YET)
        return Scope(
            environment=intern(self._text(block, "envSlug", place, "name the environment's slug, such as prod")),
            path=self._text(block, "secretsPath", place, "name the folder, / for the root"),
            project_slug=slug,
            project_id=project,
            recursive=bool(block.get("recursive")),
        )

    def _targets(self, *, recreate: bool) -> Iterator[SecretTarget]:
        single, several = self.raw.get("managedSecretReference"), self.raw.get("managedKubeSecretReferences")
        if several and single and not single.get("secretName"):
            single = None  # one without a name is none, as the rules of the CRD say
        if "managedKubeConfigMapReferences" in self.raw:
            self._problem("spec.managedKubeConfigMapReferences", _NOT_YET)
        if single and several:
            self._problem("spec", "names managedSecretReference and managedKubeSecretReferences; keep one of them")
        elif not single and not several:
            self._problem("spec.managedSecretReference", "is missing; name the Secret to keep")
        blocks = [("spec.managedSecretReference", single)] if single else []
        blocks += [(f"spec.managedKubeSecretReferences[{n}]", block) for n, block in enumerate(several or ())]
        seen: dict[Ref, str] = {}
        for place, block in blocks:
            target = self._target(block, place, recreate=recreate)
            if target.ref in seen:
                self._problem(place, f"names {target.ref}, as {seen[target.ref]} does; remove one of them")
            seen.setdefault(target.ref, place)
            yield target

    def _target(self, block: Json, place: str, *, recreate: bool) -> SecretTarget:
        if "template" in block:
            self._problem(f"{place}.template", _NOT_YET)
        name = self._name(block, "secretName", place)
        ref = secrets.target(self._name(block, "secretNamespace", place), name)
        policy = _policy(block.get("creationPolicy") == "Orphan", recreate, self.adopt)
        kind = str(block.get("secretType") or "Opaque")
        if kind in RESERVED:
            self._problem(f"{place}.secretType", f'"{kind}" is the cluster\'s own and never written; choose another')
        return SecretTarget(ref, kind, policy)

    def _name(self, block: Json, name: str, place: str) -> str:
        text = self._text(block, name, place, "name the Secret to keep and its namespace")
        if text and not _NAME.fullmatch(text):
            self._problem(f"{place}.{name}", f'"{text}" is no name; use lower-case letters, digits, "-" and "."')
        return text
