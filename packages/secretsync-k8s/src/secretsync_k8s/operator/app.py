"""The operator: its kinds, their Leases, and the pages by which others see how it does.

Operator ── Pages (/healthz, /readyz, /metrics)
         └─ Part ── Election ──▶ Running, while the Lease is ours
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from signal import Signals
from typing import Final
from uuid import uuid4

from attrs import field

from secretsync.backends.kms.webhook import Changed
from secretsync.classes import define
from secretsync.clock import Clock
from secretsync.errors import SecretSyncError
from secretsync.retry import Chance
from secretsync.runtime.calls import Calls
from secretsync.runtime.pages import Pages, Receiver, Route, probes

from ..cluster.lease import LeaseName
from ..cluster.resources import KMSSECRETS
from ..cluster.transport import Transport
from . import webhook
from .assembly import default_trust
from .metrics import Facts, Metrics
from .part import Part
from .scope import lease_name
from .settings import Settings
from .webhook import Webhook

LEASES: Final[Mapping[str, str]] = {KMSSECRETS.kind: "cf2b8c44.lux.network"}
"""The Lease of each kind by the name that its original uses, so that an upgrade in place never has two writers."""


def lease(settings: Settings, kind: str, *, hostname: str) -> LeaseName:
    """Return the Lease by which a kind is led, with an identity that no other process has."""
    namespace = settings.lease_namespaces.get(kind, settings.namespace)
    return LeaseName(namespace, lease_name(LEASES[kind], settings.namespaces), f"{hostname}_{uuid4()}")


@define(eq=False)
class Operator:
    """One operator process. `run` may be called once, by the main thread.

    Attributes:
        calls: The first call ends it: a signal, or why there is no use in going on.
        hostname: Of the pod, for people who read the Lease.
    """

    settings: Settings
    transport: Transport
    lease_transport: Transport
    clock: Clock
    chance: Chance
    calls: Calls[Signals | SecretSyncError]
    hostname: str
    _parts: tuple[Part, ...] = field(default=(), init=False)

    def run(self) -> None:
        """Serve until it is called to end.

        Raises:
            InvalidInput: An address cannot be listened on, certificates are none, the install key is no key, or there
                is no secret for webhooks.
            Defect: It could not begin its work.
        """
        default_trust(self.settings, {})  # now, and not when this process leads for the first time
        if self.settings.webhook:
            webhook.secrets(self.settings.webhook)
        metrics = Metrics(self._facts)
        self._parts = (self._part(metrics),)
        with ExitStack() as stack:
            self._serve_pages(stack, metrics)
            for part in self._parts:
                stack.callback(part.stop)
                part.start()
            call = self.calls.get()
        if isinstance(call, SecretSyncError):
            raise call

    def _serve_pages(self, stack: ExitStack, metrics: Metrics) -> None:
        routes: Mapping[str, Route | Receiver] = probes(healthz=self._healthy, readyz=self._ready)
        stack.enter_context(Pages(self.settings.probe_address, routes, flag="--health-probe-bind-address"))
        if self.settings.metrics_address:
            routes = {"/metrics": metrics.page}
            stack.enter_context(Pages(self.settings.metrics_address, routes, flag="--metrics-bind-address"))
        if self.settings.webhook:
            routes = {webhook.PATH: Webhook(self.settings.webhook, self._hear, metrics, self.clock).receiver}
            stack.enter_context(Pages(self.settings.webhook.address, routes, flag="--webhook-address"))

    def _part(self, metrics: Metrics) -> Part:
        name = lease(self.settings, KMSSECRETS.kind, hostname=self.hostname) if self.settings.leader_elect else None
        part = Part(
            self.settings,
            transport=self.transport,
            lease_transport=self.lease_transport,
            lease=name,
            metrics=metrics,
            clock=self.clock,
            chance=self.chance,
            failed=self.calls.put,
        )
        if name is not None:
            metrics.leads(name.name, lambda: part.leading)
        return part

    def _hear(self, changed: Changed) -> bool:
        heard = [part.hear(changed) for part in self._parts]
        return any(heard)

    # -- what probes and scrapers ask

    def _healthy(self) -> tuple[bool, str]:
        return _all([part.healthy() for part in self._parts])

    def _ready(self) -> tuple[bool, str]:
        return _all([part.ready() for part in self._parts])

    def _facts(self) -> list[Facts]:
        return [part.facts() for part in self._parts]


def _all(answers: list[tuple[bool, str]]) -> tuple[bool, str]:
    """Return the first that is not well, else the first."""
    return next((answer for answer in answers if not answer[0]), answers[0])
