"""One simulated life of a few hours, for mutants: prints what it violates, and nothing where all is well.

python -m mutants.life SEED
"""

from __future__ import annotations

import sys
from typing import Final

from secretsync_k8s.testing.simulation.simulation import Simulation

HOURS: Final = 9.0

if __name__ == "__main__":
    violation = Simulation(int(sys.argv[1]), hours=HOURS).run().violation
    if violation is not None:
        print(f"Violated: {violation}")
