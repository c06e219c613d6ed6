"""What breaks amid a program's work is told, and not taken for its own trouble."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from secretsync.backends.kms.backend import KMSBackend
from secretsync.testing.simulation.shrink import Result
from secretsync_agent.testing.simulation.scenario import CANARY as OF_AGENTS
from secretsync_agent.testing.simulation.simulation import Simulation as Agents
from secretsync_k8s.testing.simulation.scenario import CANARY as OF_OPERATORS
from secretsync_k8s.testing.simulation.simulation import Simulation as Operators

LIVES = [
    pytest.param(lambda: Operators(1, hours=0.5, deeds=()).run(), OF_OPERATORS, id="operators"),
    pytest.param(lambda: Agents(1, hours=0.5, deeds=()).run(), OF_AGENTS, id="agents"),
]


@pytest.mark.parametrize(("live", "canary"), LIVES)
def test_a_value_in_a_log_line_is_told(
    monkeypatch: pytest.MonkeyPatch, live: Callable[[], Result], canary: str
) -> None:
    read = KMSBackend.read

    def talkative(self: KMSBackend, *args: Any, **named: Any) -> Any:
        logging.getLogger("secretsync.backends").info("read %s.value", canary)
        return read(self, *args, **named)

    monkeypatch.setattr(KMSBackend, "read", talkative)
    assert "a log line of secretsync.backends shows" in str(live().violation)
