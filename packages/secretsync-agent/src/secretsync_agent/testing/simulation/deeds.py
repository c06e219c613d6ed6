"""The kinds of deeds of agents' lives: `kms_deeds`, `machine` and `people` add them."""

from __future__ import annotations

from typing import Final

from secretsync.testing.simulation.deeds import Kinds

from .coverage import LASTING
from .stage import Stage

KINDS: Final = Kinds[Stage](lasting=LASTING, at_once=("process", "people", "disk"))
kind: Final = KINDS.kind
