"""What all questions to the API server have in common."""

from __future__ import annotations

from typing import Final, TypeVar

from secretsync.queries import Query

HOST: Final = "cluster"
"""One server answers all of them, whatever its address."""

T_co = TypeVar("T_co", covariant=True)


class ClusterQuery(Query[T_co]):
    """Asks the API server."""

    __slots__ = ()

    @property
    def host(self) -> str:
        return HOST
