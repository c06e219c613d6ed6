"""Flags and environment of `secretsync-operator` as one frozen value (kmssecret §8.4)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from secretsync.clock import FOREVER
from secretsync.errors import InvalidInput

from . import flags, logs
from .flags import BOOL, TEXT, Flag, Kind

if TYPE_CHECKING:
    from secretsync.http import Address  # httpx takes 40 ms, for which neither --help nor a wrong flag should wait

PROGRAM: Final = "secretsync-operator"

_PORTS: Final = range(1, 1 << 16)


def _resolved(text: str) -> tuple[Address, Address]:
    """Return from where to where `HOST:PORT=ADDR[:PORT]` leads, or raise ValueError."""
    name, _, to = text.partition("=")
    source = _address(name)
    return source, _address(to, port=source[1])


def _address(text: str, *, port: int | None = None) -> Address:
    """Return host and port; `port` where none is written. IPv6 addresses stand in brackets, as in URLs."""
    host, colon, written = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, written = text, "" if port is None else str(port)
    host = host.removeprefix("[").removesuffix("]").lower()
    if not host or not written.isdecimal() or int(written) not in _PORTS:
        raise ValueError
    return host, int(written)


def _mapping(text: str) -> str:
    _resolved(text)
    return text


def _interval(text: str) -> float:
    seconds = flags.duration(text)
    if seconds <= 0:
        raise ValueError
    return seconds


LEVEL: Final = Kind("level", logs.level, "write debug, info, warn or error")
MAPPING: Final = Kind("mapping", _mapping, "write HOST:PORT=ADDR or HOST:PORT=ADDR:PORT", repeated=True)
INTERVAL: Final = Kind("duration", _interval, "write a duration above 0 such as 500ms, 2s or 1m30s")

FLAGS: Final = (
    Flag("kubeconfig", TEXT, "", "File that names the cluster; without it the pod's own account", "KUBECONFIG"),
    Flag("host-api", TEXT, "", "KMS of objects that name none; there is no other default", "KMS_API_HOST_URL"),
    Flag("config-namespace", TEXT, "kms-operator-system", "Namespace of the operator's own objects"),
    Flag("metrics-bind-address", TEXT, ":8080", "Where /metrics is served; 0 serves none"),
    Flag("health-probe-bind-address", TEXT, ":8081", "Where /healthz and /readyz are served"),
    Flag("resolve", MAPPING, (), "HOST:PORT=ADDR[:PORT]: connect there instead, as curl's --resolve; may be repeated"),
    Flag(
        "max-interval",
        INTERVAL,
        FOREVER,
        "Caps every interval and every back-off; for demonstrations and tests",
        shown="no cap",
    ),
    Flag("zap-log-level", LEVEL, logging.INFO, "From which level on to log", shown="info"),
    Flag("leader-elect", BOOL, default=False, help="Accepted; this version has no election: run one replica"),
)


@frozen
class Settings:
    """Everything the operator is told. `longest` in seconds."""

    kubeconfig: str
    host_api: str
    namespace: str
    metrics_address: str
    probe_address: str
    resolve: Mapping[Address, Address]
    longest: float
    log_level: int


def settings(argv: Sequence[str], environ: Mapping[str, str]) -> Settings | None:
    """Return what a command line (without the program's name) and the environment say; None: print the usage.

    Raises:
        InvalidInput: Every wrong value.
    """
    parsed = flags.parse(FLAGS, argv, environ)
    if parsed.help:
        return None
    if parsed.arguments:
        raise InvalidInput(f'unexpected argument "{word}"; every setting is a flag' for word in parsed.arguments)
    values: Mapping[str, Any] = parsed.values
    return Settings(
        kubeconfig=values["kubeconfig"],
        host_api=values["host-api"],
        namespace=values["config-namespace"],
        metrics_address="" if values["metrics-bind-address"] == "0" else values["metrics-bind-address"],
        probe_address=values["health-probe-bind-address"],
        resolve=dict(map(_resolved, values["resolve"])),
        longest=values["max-interval"],
        log_level=values["zap-log-level"],
    )


def usage() -> str:
    return flags.usage(PROGRAM, FLAGS)
