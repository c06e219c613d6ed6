"""All mutants, by subject."""

from __future__ import annotations

from typing import Final

from .agent import AGENT
from .changing import CHANGING
from .evaluation import EVALUATION
from .hosts import HOSTS
from .kms import KMS
from .leading import LEADING
from .lending import LENDING
from .mutant import Mutant
from .objects import OBJECTS
from .reading import READING
from .rollouts import ROLLOUTS
from .running import RUNNING
from .telling import TELLING
from .watching import WATCHING
from .writing import WRITING

MUTANTS: Final[tuple[Mutant, ...]] = (
    *EVALUATION,
    *RUNNING,
    *READING,
    *HOSTS,
    *WRITING,
    *OBJECTS,
    *KMS,
    *CHANGING,
    *LENDING,
    *TELLING,
    *WATCHING,
    *LEADING,
    *ROLLOUTS,
    *AGENT,
)
