"""The configuration file as it is written: every key of the KMS Agent, of its upstream and of ours (agent §2.2, §18).

Keys are the names here with hyphens; those without a meaning for us are here too, because a file with them is right.
What a key means is for `config` to say. Every field has a default, and "" and None stand for what is not written.
"""

from __future__ import annotations

import grp
import pwd
import re
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any, Final, Literal, NewType

from attrs import field

from secretsync import durations
from secretsync.classes import frozen
from secretsync.config import Kind, Scalar

Duration = NewType("Duration", float)
"""Seconds."""
Interval = NewType("Interval", float)
"""Seconds between two polls."""
Bits = NewType("Bits", int)
"""Permissions."""
User = NewType("User", int)
Group = NewType("Group", int)
FilePath = NewType("FilePath", str)
ListenAddress = NewType("ListenAddress", str)
SignalName = NewType("SignalName", int)
"""The number of a signal."""
Base64Text = NewType("Base64Text", str)

NOWHERE: Final = FilePath("")
TOKEN_PATH: Final = FilePath("/var/run/secrets/kubernetes.io/serviceaccount/token")
"""Where clusters mount the token of a service account."""

_Login = Literal[
    "universal-auth",
    "kubernetes",
    "azure",
    "gcp-id-token",
    "gcp-iam",
    "aws-iam",
    "ldap-auth",
    "oidc-auth",
    "jwt-auth",
]


@frozen(kw_only=True)
class RetryStrategy:
    max_retries: int | None = None
    base_delay: Duration | None = None
    max_delay: Duration | None = None


@frozen(kw_only=True)
class Kms:
    """The part `kms`, which the upstream calls `infisical`."""

    address: str = ""
    exit_after_auth: bool = False
    revoke_credentials_on_shutdown: bool = False
    shutdown_timeout: Duration = Duration(25.0)
    retry_strategy: RetryStrategy = RetryStrategy()
    lease_strategy: Literal["replace", "renew"] = "replace"
    ca_certificate: FilePath = NOWHERE
    ready_file: FilePath = NOWHERE
    health_address: ListenAddress = ListenAddress("")
    events: bool = False


@frozen(kw_only=True)
class AuthConfig:
    """Each a path of a file, but for what begins with remove."""

    client_id: FilePath = NOWHERE
    client_secret: FilePath = NOWHERE
    remove_client_secret_on_read: bool = False
    identity_id: FilePath = NOWHERE
    service_account_token: FilePath = NOWHERE
    service_account_key: FilePath = NOWHERE
    username: FilePath = NOWHERE
    password: FilePath = NOWHERE
    remove_password_on_read: bool = False
    jwt: FilePath = NOWHERE


@frozen(kw_only=True)
class Auth:
    type: _Login | None = None
    config: AuthConfig = AuthConfig()


@frozen(kw_only=True)
class SinkConfig:
    path: FilePath = NOWHERE
    permission: Bits | None = None
    user: User | None = None
    group: Group | None = None
    create_directories: bool = True


@frozen(kw_only=True)
class Sink:
    type: Literal["file"] | None = None
    config: SinkConfig = SinkConfig()


@frozen(kw_only=True)
class Persistent:
    type: Literal["kubernetes", "file"] | None = None
    path: FilePath = NOWHERE
    service_account_token_path: FilePath = TOKEN_PATH
    key_path: FilePath = NOWHERE

    @property
    def key_file(self) -> FilePath:
        """The file that its key is made of."""
        return self.key_path if self.type == "file" else self.service_account_token_path


@frozen(kw_only=True)
class Cache:
    persistent: Persistent | None = None
    optional: bool = False


@frozen(kw_only=True)
class Execute:
    command: str | tuple[str, ...] = ""
    timeout: int = 0
    inherit_credentials: bool = True


@frozen(kw_only=True)
class Wait:
    min: Duration | None = None
    max: Duration | None = None


@frozen(kw_only=True)
class VariableConfig:
    """What a template may say wherever its text goes."""

    polling_interval: Interval = Interval(300.0)
    wait: Wait | None = None
    left_delimiter: str = ""
    right_delimiter: str = ""
    error_on_missing_key: bool = False
    allow_empty: bool = False


@frozen(kw_only=True)
class TemplateConfig(VariableConfig):
    execute: Execute | None = None
    permission: Bits | None = None
    user: User | None = None
    group: Group | None = None
    create_directories: bool = True
    backup: bool = False
    run_on_first_render: bool = False


@frozen(kw_only=True)
class Text:
    """Where the text of a template stands: in one of three places."""

    source_path: FilePath = NOWHERE
    template_content: str | None = field(default=None, repr=False)
    base64_template_content: Base64Text | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Template(Text):
    destination_path: FilePath = NOWHERE
    config: TemplateConfig = TemplateConfig()


@frozen(kw_only=True)
class Variable(Text):
    config: VariableConfig = VariableConfig()


@frozen(kw_only=True)
class Exec:
    """What runs under the agent; the words are those of consul-template and of Vault's agent."""

    command: str | tuple[str, ...] = ""
    reload_signal: SignalName | None = None
    restart_on_change: bool = True
    kill_signal: SignalName = SignalName(SIGTERM)
    kill_timeout: Duration = Duration(30.0)
    splay: Duration | None = None
    inherit_credentials: bool = False
    environment: Mapping[str, Variable] = {}


@frozen(kw_only=True)
class Document:
    kms: Kms | None = None
    infisical: Kms | None = None
    auth: Auth = Auth()
    sinks: tuple[Sink, ...] = ()
    cache: Cache = Cache()
    templates: tuple[Template, ...] = ()
    exec: Exec | None = None
    version: str = ""
    certificates: tuple[Any, ...] = ()


# -- scalars

_UNFIT: Final = re.compile("[\0\ud800-\udfff]")
_BITS: Final = re.compile(r"0?o?([0-7]{3,4})")
_LISTEN: Final = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[-.0-9A-Za-z]*):([0-9]{1,5})")
_PORTS: Final = range(1 << 16)
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_EXAMPLES: Final = "such as 90s, 5m or 1h30m"
_SHORTEST: Final = 60.0
_SHORTEST_MS: Final = 1.0
_MILLISECONDS: Final = re.compile(r"\+?[0-9]+ms")


def _path(scalar: Scalar) -> str | None:
    return None if _UNFIT.search(scalar.text) else scalar.text


def _listen(scalar: Scalar) -> str | None:
    found = _LISTEN.fullmatch(scalar.text)
    return scalar.text if found and int(found[1]) in _PORTS else None


def _duration(scalar: Scalar) -> float | None:
    return durations.seconds(scalar.text)


def _interval(scalar: Scalar) -> float | None:
    """Read an interval; in milliseconds it may be shorter, as it always could."""
    seconds = durations.seconds(scalar.text)
    shortest = _SHORTEST_MS if _MILLISECONDS.fullmatch(scalar.text) else _SHORTEST
    return None if seconds is None or seconds < shortest else seconds


def _signal(scalar: Scalar) -> int | None:
    name = scalar.text.upper()
    return getattr(Signals, name if name.startswith("SIG") else f"SIG{name}", None)


def _bits(scalar: Scalar) -> int | None:
    found = _BITS.fullmatch(scalar.text)
    return int(found[1], 8) if found else None


def _user(scalar: Scalar) -> int | None:
    try:
        return int(scalar.text) if _NUMBER.fullmatch(scalar.text) else pwd.getpwnam(scalar.text).pw_uid
    except (KeyError, ValueError):
        return None


def _group(scalar: Scalar) -> int | None:
    try:
        return int(scalar.text) if _NUMBER.fullmatch(scalar.text) else grp.getgrnam(scalar.text).gr_gid
    except (KeyError, ValueError):
        return None


def _base64(scalar: Scalar) -> str | None:
    raw = decoded(scalar.text)
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return None


def absolute(path: str) -> str:
    """Return a path from the root on, links as they are; "" stays."""
    return str(Path(path).absolute()) if path else ""


def decoded(text: str) -> bytes | None:
    """Return the bytes of standard base64, broken into lines or not; None where it is none."""
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None


KINDS: Final[Mapping[Any, Kind]] = {
    FilePath: Kind("a path", _path),
    ListenAddress: Kind("where to listen, such as :8081 or 127.0.0.1:8081", _listen),
    Duration: Kind(f"a duration {_EXAMPLES}", _duration),
    Interval: Kind(f"a duration of at least 60s, {_EXAMPLES} (or of at least 1000ms)", _interval),
    SignalName: Kind("a signal such as SIGHUP", _signal),
    Bits: Kind('permission bits in octal, such as "0640"', _bits),
    User: Kind("a user of this machine, or a number", _user),
    Group: Kind("a group of this machine, or a number", _group),
    Base64Text: Kind("UTF-8 text in standard base64", _base64),
}
