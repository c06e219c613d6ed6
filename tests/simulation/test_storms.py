"""Lives of operators in virtual time, with everything going wrong that does: no invariant may ever break."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import hits
from secretsync.testing.simulation.living import leave_loaded
from secretsync_k8s.testing.simulation.simulation import Simulation


@pytest.mark.parametrize("seed", range(hits.ENOUGH))
def test_no_storm_breaks_an_invariant(seed: int, record_property: Callable[[str, object], None]) -> None:
    leave_loaded()
    result = Simulation(seed).run()
    hits.record(result.hits, record_property)
    assert result.violation is None, "\n".join(result.story[-60:])
