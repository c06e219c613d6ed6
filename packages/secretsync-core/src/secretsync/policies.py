"""What may be done to a target: every quirk of a program we replace is a named value here, never an `if` elsewhere."""

from __future__ import annotations

from enum import Enum
from typing import Final

from .classes import frozen


class Adopt(Enum):
    """Which targets that are there already, with nobody's mark, may be taken over.

    One with the mark of another object never is: two would take it from each other for ever.
    """

    ALWAYS = "always"
    """Any, also one that a controller owns."""
    UNOWNED = "unowned"
    NEVER = "never"


@frozen
class Policy:
    """What `plan` may do.

    Attributes:
        name: As users know it.
        owns: Delete the target when its object goes or stops naming it.
        adopt: Which targets of others are taken over.
        exclusive: Keys that others added are removed; otherwise only keys that we set, as the target itself says.
        cautious: When more than half of the keys vanish at once, their removal waits until the same is seen again a
            period later: lost rights can look like a shorter good list.
        recreate: A target of another type is deleted and made anew.
    """

    name: str
    owns: bool = False
    adopt: Adopt = Adopt.UNOWNED
    exclusive: bool = True
    cautious: bool = True
    recreate: bool = False


KMS_OWNER: Final = Policy("Owner", owns=True)
"""KMSSecret, `creationPolicy: Owner` (kmssecret §5)."""

KMS_ORPHAN: Final = Policy("Orphan")
"""KMSSecret, `creationPolicy: Orphan`: the Secret outlives the object."""

DELIVERY: Final = Policy("Delivery", cautious=False)
"""A caller of the SDK: what was handed over is compared, so that a watch sees only changes."""

FILE: Final = Policy("File", cautious=False)
"""A file of the agent: whoever made it, it is written where it is told to; how it shrinks is looked at before (agent §7)."""

ROLLOUT: Final = Policy("Rollout", exclusive=False, cautious=False)
"""A workload that is restarted when what it uses changes: it is others', and nothing of it is ours but a few texts."""
