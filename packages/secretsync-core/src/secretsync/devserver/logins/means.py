"""What the checks of a login may use, and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping

from ...classes import frozen
from ...clock import Clock
from ..authority import Authority
from ..clouds import Clouds

Sent = Mapping[str, str]
"""Fields of the body, trimmed; all that the method needs are there."""


@frozen
class Means:
    """What a check may use.

    Attributes:
        authority: Has signed what this server's own clouds and issuers hand out.
    """

    clock: Clock
    authority: Authority
    clouds: Clouds
