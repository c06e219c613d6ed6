"""Whom the server tells of changes by a request of its own (kms-api §11.2). What is sent is made here, without a network."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Final

from attrs import field

from ..classes import frozen
from .references import Location
from .rights import matches
from .seed import Project, Webhook
from .tree import Event

HEADER: Final = "x-infisical-signature"


@frozen
class Delivery:
    """One request: a POST of these bytes."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


def signed(hook: Webhook, told: Mapping[str, object], *, now: datetime) -> Delivery:
    """Return a delivery of what is told, with the time in it, and signed if the hook has a secret."""
    moment = int(now.timestamp() * 1000)
    body = json.dumps({**told, "timestamp": moment}, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json"}
    if hook.secret:
        headers[HEADER] = f"t={moment};{hmac.digest(hook.secret.reveal(), body, hashlib.sha256).hex()}"
    return Delivery(hook.url, body, headers)


class Webhooks:
    """Safe to call from several threads; `deliveries` belongs to one."""

    def __init__(self, projects: tuple[Project, ...]) -> None:
        self._projects = {name: project for project in projects for name in (project.id, project.slug)}
        self._hooks: tuple[Webhook, ...] = ()
        self._waiting: SimpleQueue[tuple[Webhook, Location] | None] = SimpleQueue()

    def add(self, hook: Webhook) -> None:
        """Tell somebody from now on."""
        self._hooks = (*self._hooks, hook)

    def publish(self, event: Event) -> None:
        """Have those told who want to hear of it."""
        for hook in self._hooks:
            if self._wants(hook, event.at):
                self._waiting.put((hook, event.at))

    def end(self) -> None:
        """Have `deliveries` end."""
        self._waiting.put(None)

    def deliveries(self) -> Iterator[list[tuple[Webhook, Mapping[str, object]]]]:
        """Yield what is to be told, as it comes: whatever waits at the same time, each folder once."""
        while (first := self._waiting.get()) is not None:
            batch = {first: None}
            try:
                while (one := self._waiting.get_nowait()) is not None:
                    batch[one] = None
            except Empty:
                yield [(hook, self._told(at)) for hook, at in batch]
            else:
                return

    def _wants(self, hook: Webhook, at: Location) -> bool:
        mine = self._projects[hook.project].id == at.project
        return mine and matches(hook.env, at.environment) and matches(hook.path, at.path)

    def _told(self, at: Location) -> Mapping[str, object]:
        project = {
            "workspaceId": at.project,
            "projectId": at.project,
            "projectName": self._projects[at.project].slug,
            "environment": at.environment,
            "environmentName": at.environment,
            "secretPath": at.path,
            "changedBy": "",
            "changedByActorType": "platform",
        }
        return {"event": "secrets.modified", "project": project}
