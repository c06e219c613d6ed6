"""Chains of certificates: from the leaf by way of intermediates to the root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ..errors import FunctionError
from ..functions import Function
from ..pem import blocks, write_block
from ..values import encoded
from .keys import certificate, key_ids


class Link(NamedTuple):
    """A certificate and the identifiers by which it is found, empty where it has none."""

    der: bytes
    subject: bytes
    authority: bytes

    @property
    def is_root(self) -> bool:
        return self.authority in (b"", self.subject)


def link(der: bytes) -> Link:
    """Return a certificate as a link of a chain."""
    return Link(der, *key_ids(certificate(der)))


def ordered(links: Sequence[Link]) -> list[Link]:
    """Return links from the leaf up, each followed by who signed it; those that lead nowhere are left out.

    Raises:
        FunctionError: There is no leaf, there are several, or they lead in a circle.
    """
    parents = {at: _parent(at, links) for at in range(len(links))}
    leaves = [at for at in parents if at not in parents.values()]
    if len(leaves) != 1:
        raise FunctionError("there are several leaf certificates" if leaves else "there is no leaf certificate")
    found: list[Link] = []
    at: int | None = leaves[0]
    while at is not None:
        if len(found) == len(links):
            raise FunctionError("the certificates sign each other in a circle")
        found.append(links[at])
        at = parents[at]
    return found


def _parent(at: int, links: Sequence[Link]) -> int | None:
    authority = links[at].authority
    others = (other for other in range(len(links)) if other != at and links[other].subject == authority)
    return next(others, None) if authority else None


def filter_cert_chain(part: str, text: str) -> str:
    """Return the `leaf`, the `intermediate`s or the `root` of a chain; nothing of any other part, or if it has none."""
    chain = ordered([link(block.content) for block in blocks(encoded(text))])
    above = chain[-1].is_root
    parts = {
        "leaf": chain[:1] if not chain[0].is_root else [],
        "intermediate": chain[1 : len(chain) - above],
        "root": chain[-1:] if above else [],
    }
    return certificates(parts.get(part, []))


def certificates(links: Sequence[Link]) -> str:
    """Return certificates as PEM."""
    return "".join(write_block("CERTIFICATE", found.der) for found in links)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "filterCertChain": Function(filter_cert_chain, ("string", "string"), gives="string"),
}
