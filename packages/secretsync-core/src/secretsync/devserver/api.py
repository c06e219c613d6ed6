"""Everything the KMS answers, by its rooms in `endpoints/`."""

from __future__ import annotations

from collections.abc import Iterator

from .endpoints import events, folders, leases, logins, projects, secrets, writes
from .model import KMS
from .routing import Route


def routes(kms: KMS) -> Iterator[Route]:
    """Yield the routes of the API. Paths arrive without a trailing slash (the gate sees to it)."""
    for subject in (logins, projects, secrets, writes, folders, leases, events):
        yield from subject.routes(kms)
