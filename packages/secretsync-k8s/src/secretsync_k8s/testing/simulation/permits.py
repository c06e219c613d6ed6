"""Who may use what of another namespace: an opinion of its own, from what people wrote down, not from the operators'.

A refused object must never get an answer: its Secrets are not written while it is refused.
"""

from __future__ import annotations

from typing import Final

from secretsync.clock import FOREVER

from ...cluster.marks import ALLOWED
from ...cluster.transport import Json
from .scenario import full_name, login_of, targets_of
from .stage import Stage

_NEVER: Final = -FOREVER


class Permits:
    """Remembers until when each object was permitted."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._until: dict[str, float] = {}

    def edited(self) -> None:
        """People changed something."""
        for obj in self._stage.objects():
            name = full_name(obj)
            if not self.refuses(obj):
                self._until[name] = FOREVER
            elif self._until.get(name) == FOREVER:
                self._until[name] = self._stage.world.now

    def refused_for(self, obj: Json) -> float:
        """Return for how many seconds an object has been refused, 0.0 if it is permitted."""
        return max(0.0, self._stage.world.now - self._until.get(full_name(obj), _NEVER))

    def refuses(self, obj: Json) -> bool:
        """Whether an object names something of another namespace that it may not use."""
        home, login = obj["metadata"]["namespace"], login_of(obj)
        if self._stage.scenario.cross_namespace == "Allow":
            return False
        foreign = {namespace for namespace, _ in targets_of(obj)} - {home}
        if self._stage.scenario.cross_namespace == "Deny":
            return bool(foreign) or login.namespace != home
        lends = login.namespace == home or self._names("secrets", login.name, home, namespace=login.namespace)
        return not (lends and all(self._names("namespaces", name, home) for name in foreign))

    def _names(self, resource: str, name: str, home: str, **place: str) -> bool:
        """Whether the annotation of a Secret or Namespace names a namespace, or all."""
        found = self._stage.find(resource, name, **place) or {"metadata": {}}
        text: str = (found["metadata"].get("annotations") or {}).get(ALLOWED, "")
        return bool({home, "*"} & {each.strip() for each in text.split(",")})
