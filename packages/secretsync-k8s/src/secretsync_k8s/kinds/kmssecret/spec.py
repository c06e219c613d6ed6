"""What a KMSSecret manifest says (kmssecret §2, §2.1), normalised, with every problem at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from sys import intern
from typing import Final

from secretsync.auth.method import Method
from secretsync.backends.kms.scope import Scope
from secretsync.backends.kms.urls import normalise
from secretsync.classes import frozen
from secretsync.errors import InvalidInput, InvalidSpec
from secretsync.policies import Adopt

from ...cluster.marks import KIND, PREFIX
from ...cluster.trust import BundleRef
from ..base import Json, ObjectRef
from .blocks import Block, pruned
from .logins import SERVICE_TOKEN, Source, login
from .targets import KeptTarget, Policies, targets

INTERVAL: Final = 60
SHORTEST: Final = 10
"""Objects stored before the schema had a minimum may hold less."""

NEVER_COPIED: Final = ("kubectl.kubernetes.io/", "kubernetes.io/", "k8s.io/", "helm.sh/", PREFIX)
"""How labels and annotations begin that speak of the object itself (kmssecret §4.2)."""

ALLOW_EMPTY: Final = f"{PREFIX}allow-empty"
RECREATE: Final = f"{PREFIX}recreate-on-type-change"
MERGE: Final = f"{PREFIX}merge"
MISSING_KEY: Final = f"{PREFIX}template-missing-key"
"""Annotation; `default` has templates write `<no value>`, as the original did."""

FINALIZER: Final = f"{KIND.lower()}.{PREFIX}cleanup"

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "": 1}
_INTERVAL: Final = re.compile(r"([0-9]+)([smhdw]?)")


@frozen
class Spec:
    """A KMSSecret, normalised; `period` in seconds.

    Attributes:
        labels: Those of the object that its Secrets carry too; `annotations` likewise.
        allow_empty: An empty folder is no mistake.
        host: "" where the object names none.
        ca: The certificates to trust, None where the object names none.
        is_held: The object carries our finalizer.
        method: How it logs in; `credentials` is where what that takes stands, None where it takes nothing.
        scope: What is read; without a project that of the service token.
        keys: Those of the folder that are wanted, every one of which must be there; none are all.
        single: The one secret that is read; "" reads the folder.
        missing_key: What a template makes of a secret that is not there.
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
    method: Method
    credentials: Source | None
    scope: Scope
    keys: tuple[str, ...]
    single: str
    targets: tuple[KeptTarget, ...]
    missing_key: str


def decode(obj: Json, *, adopt: Adopt = Adopt.UNOWNED, no_copy: tuple[str, ...] = ()) -> Spec:
    """Return what the object says.

    Args:
        adopt: Which Secrets of others it may take over.
        no_copy: How labels and annotations begin that stay with the object, beside `NEVER_COPIED`.

    Raises:
        InvalidSpec: With every problem.
    """
    raw = Block(pruned(obj.get("spec")) or {}, "spec", [])
    spec = _Reader(raw, obj["metadata"], adopt, (*NEVER_COPIED, *no_copy)).spec(obj)
    if raw.problems:
        raise InvalidSpec(raw.problems)
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


@frozen
class _Reader:
    """Reads one spec and notes what is wrong with it."""

    raw: Block
    metadata: Json
    adopt: Adopt
    not_copied: tuple[str, ...]

    def spec(self, obj: Json) -> Spec:
        annotations = self.metadata.get("annotations") or {}
        host, ca, period = self._host(), self._ca(), self._period()
        logged_in = login(self.raw)
        return Spec(
            object=ObjectRef.of(obj),
            labels=self._copied(self.metadata.get("labels") or {}),
            annotations=self._copied(annotations),
            allow_empty=annotations.get(ALLOW_EMPTY) == "true",
            is_held=FINALIZER in (self.metadata.get("finalizers") or ()),
            host=host,
            ca=ca,
            period=period,
            instant=instant(self.raw.raw),
            method=logged_in.method,
            credentials=logged_in.source,
            keys=logged_in.scope.texts("keys"),
            single=logged_in.scope.optional("secretName"),
            scope=_scope(logged_in.scope, names_project=logged_in.method is not SERVICE_TOKEN),
            targets=targets(self.raw, self._policies(annotations)),
            missing_key="default" if annotations.get(MISSING_KEY) == "default" else "error",
        )

    def _policies(self, annotations: Mapping[str, str]) -> Policies:
        on = {name: annotations.get(name) == "true" for name in (RECREATE, MERGE)}
        return Policies(self.adopt, recreate=on[RECREATE], merge=on[MERGE])

    def _copied(self, texts: Mapping[str, str]) -> Mapping[str, str]:
        return {name: text for name, text in texts.items() if not name.startswith(self.not_copied)}

    def _host(self) -> str:
        written = self.raw.optional("hostAPI")
        try:
            return normalise(written, place="spec.hostAPI") if written else ""
        except InvalidInput as error:
            self.raw.problems.extend(error.problems)
            return ""

    def _ca(self) -> BundleRef | None:
        if "caRef" not in (tls := self.raw.block("tls")):
            return None
        block, hint = tls.block("caRef"), "name the Secret and its key that hold the CA certificates"
        return BundleRef(*(block.text(name, hint) for name in ("secretNamespace", "secretName", "key")))

    def _period(self) -> float:
        period = interval(self.raw.raw)
        if period is None:
            text = 'is no interval; write a number and s, m, h, d or w, as in "5m"'
            self.raw.block("syncConfig").problem(text, "resyncInterval")
        return period or INTERVAL


def _scope(block: Block, *, names_project: bool) -> Scope:
    """Return what is read; a service token is of one project, which is not named."""
    slug, project = (block.optional(name) if names_project else "" for name in ("projectSlug", "projectId"))
    if names_project and bool(slug) == bool(project):
        both = "both projectSlug and" if slug else "neither projectSlug nor"
        block.problem(f"names {both} projectId; give one of them")
    if len(several := [name for name in ("keys", "secretName", "recursive") if block.is_on(name)]) > 1:
        block.problem(f"names {' and '.join(several)}; keep one of them")
    return Scope(
        environment=intern(block.text("envSlug", "name the environment's slug, such as prod")),
        path=block.text("secretsPath", "name the folder, / for the root"),
        project_slug=slug,
        project_id=project,
        recursive=block.is_on("recursive"),
    )
