"""`secretsync-operator cleanup`: the way back, by which no object waits for an operator that is gone (kmssecret §5).

An object that owns a Secret in another namespace is held by a finalizer until we have cleaned up after it. Without us
it would be held for ever. So our finalizers are taken away, and nothing else is touched: not those of others, no
Secret, no status. An operator that still runs puts them back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from secretsync.classes import frozen
from secretsync.errors import InvalidInput, SecretSyncError

from ..cluster import finalizers
from ..cluster.finalizers import Finalizer
from ..cluster.resources import Resource
from ..cluster.transport import METADATA_LIST, Transport
from ..kinds.kmssecret.kind import KMSSecret
from . import flags
from .flags import TEXT, Flag
from .settings import KINDS, KUBECONFIG, PROGRAM

COMMAND: Final = "cleanup"
HELD: Final[Mapping[str, tuple[Resource, str]]] = {KMSSecret.resource.kind: (KMSSecret.resource, KMSSecret.finalizer)}
"""Of each kind its resource, and our finalizer on it."""

FLAGS: Final = (
    KUBECONFIG,
    Flag("kind", TEXT, "", f"Of the objects that shall wait for us no longer: {' or '.join(KINDS)}"),
    Flag("namespace", TEXT, "", "Whose objects; without it the whole cluster's"),
)


@frozen
class Cleanup:
    """What is to be done: the objects of one kind in a namespace, "" for all."""

    kubeconfig: str
    kind: str
    namespace: str


def asked(argv: Sequence[str], environ: Mapping[str, str]) -> Cleanup | None:
    """Return what a command line (behind the command) says; None: print the usage.

    Raises:
        InvalidInput: Every wrong value.
    """
    values: Mapping[str, Any] | None = flags.parse(FLAGS, argv, environ)
    if values is None:
        return None
    if values["kind"] not in HELD:
        raise InvalidInput([f'--kind "{values["kind"]}" is no kind of ours; write {" or ".join(HELD)}'])
    return Cleanup(**values)


def usage() -> str:
    return flags.usage(f"{PROGRAM} {COMMAND}", FLAGS)


def held(transport: Transport, what: Cleanup) -> Iterator[Finalizer]:
    """Yield each finalizer of ours that an object carries.

    Raises:
        BackendError: They cannot be listed.
    """
    resource, finalizer = HELD[what.kind]
    listed = transport.request("GET", resource.path(what.namespace or None), accept=METADATA_LIST)
    for metadata in (one["metadata"] for one in listed["items"]):
        if finalizer in metadata.get("finalizers", ()):
            yield Finalizer(resource, metadata["namespace"], metadata["name"], metadata["uid"], finalizer)


def clean(transport: Transport, what: Cleanup) -> int:
    """Take our finalizers away, and tell of each; return 1 if one is left, else 0.

    Raises:
        BackendError: The objects cannot be listed.
    """
    left = 0
    for one in held(transport, what):
        try:
            finalizers.remove(transport, one)
        except SecretSyncError as error:
            left += 1
            _say(f"{one}: {error}")
        else:
            _say(f"{one} waits for us no longer")
    return min(left, 1)


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the command line says; return the exit code: 1 if a finalizer is left.

    Raises:
        InvalidInput: It says something wrong, or there is no configuration of a cluster.
        SecretSyncError: A part is missing, or the objects cannot be listed.
    """
    what = asked(argv, environ)
    if what is None:
        sys.stderr.write(usage())
        return 0
    from ..cluster.client_adapter import connect

    transport = connect(kubeconfig=what.kubeconfig, environ=environ, user_agent=f"{PROGRAM}/{COMMAND}")
    try:
        return clean(transport, what)
    finally:
        transport.close()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
