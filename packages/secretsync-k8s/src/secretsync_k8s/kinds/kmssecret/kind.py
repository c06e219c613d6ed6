"""KMSSecret as the operator sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from attrs import field

from secretsync.classes import frozen
from secretsync.client_policy import ClientPolicy
from secretsync.clock import FOREVER
from secretsync.digest import Digester
from secretsync.errors import SecretSyncError
from secretsync.policies import Adopt
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Outcome
from secretsync.targets import Recorded, Target
from secretsync.templates import SYSTEM

from ...cluster.configmaps import ClusterConfigMap
from ...cluster.marks import PREFIX
from ...cluster.resources import KMSSECRETS
from ..base import HasMoved, Json, ObjectRef, Rollouts
from . import status
from .connection import CONFIG, connection
from .desired import desired
from .rendering import still
from .spec import FINALIZER, Spec, decode
from .version import VersionFormat, versioning

PAUSED: Final = f"{PREFIX}paused"
FORCE_SYNC: Final = f"{PREFIX}force-sync"


@frozen
class KMSSecret:
    """The kind.

    Attributes:
        default_host: The KMS where neither an object nor the operator's ConfigMap names one, "" for none.
        default_trust: Digest of the CA bundle to trust where neither names one, "" for the system's.
        config_namespace: Where that ConfigMap is; "": there is none.
        adopt: Which Secrets that are there already may be taken over.
        no_copy: How labels and annotations begin that stay with the object, beside those that always do.
        longest: Caps every object's interval, in seconds.
        now: Nanoseconds since 1970, for templates that write the time.
    """

    digest: Digester
    policy: ClientPolicy
    default_host: str = ""
    default_trust: str = field(default="", kw_only=True)
    config_namespace: str = field(default="", kw_only=True)
    version_format: VersionFormat = field(default=VersionFormat.V2, kw_only=True)
    adopt: Adopt = field(default=Adopt.UNOWNED, kw_only=True)
    no_copy: tuple[str, ...] = field(default=(), kw_only=True)
    longest: float = FOREVER
    now: Callable[[], int] = field(default=SYSTEM.now, kw_only=True)
    resource = KMSSECRETS
    finalizer = FINALIZER

    @property
    def config(self) -> ClusterConfigMap | None:
        """The operator's ConfigMap, whose watch is to tell when it moved."""
        return ClusterConfigMap(self.config_namespace, CONFIG) if self.config_namespace else None

    def is_paused(self, obj: Json) -> bool:
        return _annotations(obj).get(PAUSED) == "true"

    def sync_request(self, obj: Json) -> str:
        return _annotations(obj).get(FORCE_SYNC, "")

    def is_settled(self, obj: Json, moved: HasMoved) -> bool:
        return status.is_settled(obj, moved)

    def decode(self, obj: Json) -> Spec:
        return decode(obj, adopt=self.adopt, no_copy=self.no_copy)

    def period(self, spec: Spec) -> float:
        return min(spec.period, self.longest)

    def is_instant(self, spec: Spec) -> bool:
        return spec.instant

    def desired(self, spec: Spec, ask: Ask) -> tuple[Target, ...]:
        return desired(
            spec,
            ask,
            where=connection(
                spec, ask, config=self.config, default_host=self.default_host, default_trust=self.default_trust
            ),
            versioning=versioning(self.version_format, self.digest),
            slug_max_age=self.policy.slug_max_age,
            sourced=still(self.digest, self.now),
        )

    def recorded(self, obj: Json) -> tuple[Recorded, ...]:
        told = status.recorded(obj)
        return (*told, *_untold(obj, told)) if obj["metadata"].get("deletionTimestamp") else told

    def status(
        self, obj: Json, outcome: Outcome, previous: Json, now: datetime, *, rollouts: Rollouts | None = None
    ) -> Json:
        return status.status(obj, outcome, previous, now, rollouts=rollouts)

    def redeployed(self, previous: Json, rollouts: Rollouts, now: datetime) -> Json:
        return status.redeployed(previous, rollouts, now)

    def reason(self, error: SecretSyncError) -> str:
        return status.reason(error)


def _annotations(obj: Json) -> Mapping[str, str]:
    return obj["metadata"].get("annotations") or {}


def _untold(obj: Json, told: tuple[Recorded, ...]) -> Iterator[Recorded]:
    """Yield the Secrets that the object owns by its specification alone.

    An operator that ended between making one and saying so must not have it left behind. It is deleted only if it
    carries the object's mark.
    """
    named = {recorded.ref for recorded in told}
    try:
        targets = decode(obj).targets
    except SecretSyncError:
        return  # nobody can say what it would own; what it told of itself stands in `told`
    mark = ObjectRef.of(obj).mark
    for target in targets:
        if target.policy.owns and target.ref not in named:
            yield Recorded(target.ref, target.policy, mark)
