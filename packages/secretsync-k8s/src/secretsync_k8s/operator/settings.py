"""Flags and environment of `secretsync-operator` as one frozen value (kmssecret §8.4)."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from secretsync.classes import frozen
from secretsync.clock import FOREVER
from secretsync.values import SecretValue

from . import flags, logs
from .flags import BOOL, TEXT, Flag, Kind

if TYPE_CHECKING:
    from secretsync.http import Address  # httpx takes 40 ms, for which neither --help nor a wrong flag should wait

PROGRAM: Final = "secretsync-operator"
KINDS: Final = ("KMSSecret",)
CA_VARIABLE: Final = "KMS_API_CA_CERTIFICATE"
SECRET_VARIABLE: Final = "KMS_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable

_PORTS: Final = range(1, 1 << 16)
_BEGINNING: Final = re.compile(r"[a-zA-Z0-9][-._a-zA-Z0-9]*(/[-._a-zA-Z0-9]*)?")


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


def _names(text: str) -> tuple[str, ...]:
    """Return names with commas between; none at all, as charts render an empty list, is none."""
    names = tuple(name.strip() for name in text.split(",")) if text.strip() else ()
    if not all(names):
        raise ValueError
    return names


def _placed(text: str) -> str:
    kind, _, namespace = text.partition("=")
    if kind not in KINDS or not namespace:
        raise ValueError
    return text


def _beginning(text: str) -> str:
    """Return how the name of a label or an annotation may begin; a pattern would never match, and nobody would know."""
    if not _BEGINNING.fullmatch(text):
        raise ValueError
    return text


def _one_of(*words: str) -> Kind:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return Kind("string", read, f"write {', '.join(words[:-1])} or {words[-1]}")


LEVEL: Final = Kind("level", logs.level, "write debug, info, warn or error")
MAPPING: Final = Kind("mapping", _mapping, "write HOST:PORT=ADDR or HOST:PORT=ADDR:PORT", repeated=True)
INTERVAL: Final = Kind("duration", _interval, "write a duration above 0 such as 500ms, 2s or 1m30s")
NAMES: Final = Kind("list", _names, "write names with commas between, such as shop,bank")
BEGINNING: Final = Kind(
    "prefix", _beginning, "write how names begin, without * or commas, such as argocd.argoproj.io/", repeated=True
)
PLACED: Final = Kind("mapping", _placed, f"write KIND=NAMESPACE; KIND is {' or '.join(KINDS)}", repeated=True)

_UNUSED_STACKS: Final = "Accepted; stack traces are never logged, because they may hold values"
_UNUSED_TIMES: Final = "Accepted; times are always RFC 3339 in UTC"

KUBECONFIG: Final = Flag(
    "kubeconfig", TEXT, "", "File that names the cluster; without it the pod's own account", "KUBECONFIG"
)
FLAGS: Final = (
    KUBECONFIG,
    Flag("host-api", TEXT, "", "KMS of objects that name none; there is no other default", "KMS_API_HOST_URL"),
    Flag("config-namespace", TEXT, "kms-operator-system", "Namespace of the operator's own objects"),
    Flag("namespaces", NAMES, (), "Namespaces to work in, with commas between; without it the whole cluster"),
    Flag("namespace", TEXT, "", "One namespace to work in, as --namespaces"),
    Flag("metrics-bind-address", TEXT, ":8080", "Where /metrics is served; 0 serves none"),
    Flag("health-probe-bind-address", TEXT, ":8081", "Where /healthz and /readyz are served"),
    Flag("webhook-address", TEXT, "", "Where the KMS's webhooks are taken, at /webhook; without it nowhere"),
    Flag(
        "webhook-secret-file",
        TEXT,
        "",
        f"File with the secrets that sign them, one a line, read at each; or {SECRET_VARIABLE} holds them",
    ),
    Flag("webhook-signature-header", TEXT, "x-infisical-signature", "Header that holds the signature"),
    Flag("resolve", MAPPING, (), "HOST:PORT=ADDR[:PORT]: connect there instead, as curl's --resolve; may be repeated"),
    Flag(
        "max-interval",
        INTERVAL,
        FOREVER,
        "Caps every interval and every back-off; for demonstrations and tests",
        shown="no cap",
    ),
    Flag(
        "leader-elect",
        BOOL,
        default=True,
        help="Work only while holding the Lease. Off, a second operator beside this one would write too; "
        "the replaced operator had it off by default and on in its chart",
    ),
    Flag("lease-namespace", PLACED, (), "KIND=NAMESPACE of that kind's Lease, if not --config-namespace; repeatable"),
    Flag(
        "cross-namespace",
        _one_of("Allow", "Annotated", "Deny"),
        "Allow",
        "Whether objects may use Secrets of other namespaces: always, where an annotation there allows it, or never",
    ),
    Flag(
        "adopt",
        _one_of("always", "unowned", "never"),
        "unowned",
        "Which Secrets that are there already are taken over: any, those that no controller owns, or none; "
        "one that another KMSSecret keeps never is",
    ),
    Flag(
        "no-copy-prefix",
        BEGINNING,
        (),
        "How labels and annotations begin that Secrets do not get from their object, such as argocd.argoproj.io/; "
        "may be repeated",
    ),
    Flag("version-format", _one_of("v2", "crc32"), "v2", "Of the version annotation: keyed, or as replaced"),
    Flag(
        "zap-devel",
        BOOL,
        default=False,
        help="Log for developers: --zap-log-level debug and --zap-encoder console, where they are not given",
    ),
    Flag("zap-encoder", _one_of(*logs.ENCODERS), "", "Form of the log (default json)"),
    Flag("zap-log-level", LEVEL, logging.NOTSET, "From which level on to log (default info)"),
    Flag("zap-stacktrace-level", _one_of("info", "error", "panic"), "", _UNUSED_STACKS),
    Flag(
        "zap-time-encoding",
        _one_of("epoch", "millis", "nano", "iso8601", "rfc3339", "rfc3339nano"),
        "",
        _UNUSED_TIMES,
    ),
)


@frozen
class WebhookSettings:
    """Where webhooks are taken, and what proves them.

    Attributes:
        secret_file: "" for none.
        header: Its name in lower case.
        secrets: Those of the environment.
    """

    address: str
    secret_file: str
    header: str
    secrets: tuple[SecretValue, ...] = ()


@frozen
class Settings:
    """Everything the operator is told.

    Attributes:
        namespace: Of the operator's own objects.
        namespaces: To work in; none is the whole cluster.
        lease_namespaces: By kind, where its Lease is not in `namespace`.
        ca_certificates: In PEM, for a KMS of which no object and no ConfigMap says whom to trust; "": the system's.
        adopt: Which Secrets that are there already may be taken over.
        no_copy: How labels and annotations begin that Secrets do not get from their object.
        webhook: None where none are taken.
        longest: In seconds.
    """

    kubeconfig: str
    host_api: str
    ca_certificates: str
    namespace: str
    namespaces: tuple[str, ...]
    leader_elect: bool
    lease_namespaces: Mapping[str, str]
    cross_namespace: str
    adopt: str
    no_copy: tuple[str, ...]
    version_format: str
    metrics_address: str
    probe_address: str
    webhook: WebhookSettings | None
    resolve: Mapping[Address, Address]
    longest: float
    log_level: int
    log_encoder: str


def settings(argv: Sequence[str], environ: Mapping[str, str]) -> Settings | None:
    """Return what a command line (without the program's name) and the environment say; None: print the usage.

    Raises:
        InvalidInput: Every wrong value.
    """
    values: Mapping[str, Any] | None = flags.parse(FLAGS, argv, environ)
    if values is None:
        return None
    named = (values["namespace"],) if values["namespace"] else ()
    devel = values["zap-devel"]
    return Settings(
        kubeconfig=values["kubeconfig"],
        host_api=values["host-api"],
        ca_certificates=environ.get(CA_VARIABLE, ""),
        namespace=values["config-namespace"],
        namespaces=tuple(dict.fromkeys((*values["namespaces"], *named))),
        leader_elect=values["leader-elect"],
        lease_namespaces=dict(placed.split("=", 1) for placed in values["lease-namespace"]),
        cross_namespace=values["cross-namespace"],
        adopt=values["adopt"],
        no_copy=values["no-copy-prefix"],
        version_format=values["version-format"],
        metrics_address="" if values["metrics-bind-address"] == "0" else values["metrics-bind-address"],
        probe_address=values["health-probe-bind-address"],
        webhook=_webhook(values, environ),
        resolve=dict(map(_resolved, values["resolve"])),
        longest=values["max-interval"],
        log_level=values["zap-log-level"] or (logging.DEBUG if devel else logging.INFO),
        log_encoder=values["zap-encoder"] or (logs.CONSOLE if devel else logs.JSON),
    )


def _webhook(values: Mapping[str, Any], environ: Mapping[str, str]) -> WebhookSettings | None:
    if not values["webhook-address"]:
        return None
    return WebhookSettings(
        values["webhook-address"],
        values["webhook-secret-file"],
        values["webhook-signature-header"].lower(),
        lines(environ.get(SECRET_VARIABLE, "")),
    )


def lines(text: str) -> tuple[SecretValue, ...]:
    """Return the secrets of a text, one a line, without the white space around them."""
    stripped = (line.strip() for line in text.splitlines())
    return tuple(SecretValue(line.encode(errors="surrogateescape")) for line in stripped if line)


def usage() -> str:
    return flags.usage(PROGRAM, FLAGS)
