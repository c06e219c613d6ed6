"""What may be done to a target: every quirk of a program we replace is a named value here, never an `if` elsewhere."""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen
class Policy:
    """What `plan` may do.

    Attributes:
        name: As users know it.
        owns: Delete the target when its object goes or stops naming it.
        adopt: Take over a target that nobody marked and no controller owns.
        exclusive: Keys that others added are removed.
    """

    name: str
    owns: bool = False
    adopt: bool = True
    exclusive: bool = True


KMS_OWNER: Final = Policy("Owner", owns=True)
"""KMSSecret, `creationPolicy: Owner` (kmssecret §5)."""

KMS_ORPHAN: Final = Policy("Orphan")
"""KMSSecret, `creationPolicy: Orphan`: the Secret outlives the object."""

DELIVERY: Final = Policy("Delivery")
"""A caller of the SDK: what was handed over is compared, so that a watch sees only changes."""
