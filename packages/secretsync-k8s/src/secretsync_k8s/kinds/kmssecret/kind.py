"""KMSSecret as the operator sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import frozen

from secretsync.client_policy import ClientPolicy
from secretsync.clock import FOREVER
from secretsync.digest import Digester
from secretsync.errors import SecretSyncError
from secretsync.reconcile.messages import Outcome
from secretsync.reconcile.settle import Ask
from secretsync.targets import Recorded, Target

from ...cluster.marks import GROUP, KIND
from ...cluster.resources import Resource
from ..base import Json
from . import status
from .desired import desired
from .spec import Spec, decode

KMSSECRETS: Final = Resource(GROUP, "v1alpha1", "kmssecrets", KIND)


@frozen
class KMSSecret:
    """The kind.

    Attributes:
        default_host: The KMS of objects that name none, "" for none.
        longest: Caps every object's interval, in seconds.
    """

    digest: Digester
    policy: ClientPolicy
    default_host: str = ""
    longest: float = FOREVER
    resource = KMSSECRETS

    def decode(self, obj: Json) -> Spec:
        return decode(obj, default_host=self.default_host)

    def period(self, spec: Spec) -> float:
        return min(spec.period, self.longest)

    def desired(self, spec: Spec, ask: Ask) -> tuple[Target, ...]:
        return desired(spec, ask, digest=self.digest, slug_max_age=self.policy.slug_max_age)

    def recorded(self, obj: Json) -> tuple[Recorded, ...]:
        return status.recorded(obj)

    def status(self, obj: Json, outcome: Outcome, previous: Json, now: datetime) -> Json:
        return status.status(obj, outcome, previous, now)

    def reason(self, error: SecretSyncError) -> str:
        return status.reason(error)
