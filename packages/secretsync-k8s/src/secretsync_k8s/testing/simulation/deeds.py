"""The kinds of deeds of operators' lives: `kms_deeds`, `api_deeds` and `people` add them."""

from __future__ import annotations

from typing import Final

from secretsync.testing.simulation.deeds import Kinds

from .coverage import LASTING
from .stage import Stage

KINDS: Final = Kinds[Stage](lasting=LASTING, at_once=("process", "people"))
kind: Final = KINDS.kind
perform: Final = KINDS.perform
