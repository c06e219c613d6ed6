"""What the agent is told, as values: made from command line, environment and configuration file, used by all else.

Nothing in here is as it was written: durations are seconds, addresses are complete, names of users are numbers, and of
several places where something may stand the one that counts has been chosen (agent §1, §2, §18). No value is a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from signal import SIGTERM
from typing import Final

from attrs import field

from secretsync.classes import frozen
from secretsync.retry import Retries

PROGRAM: Final = "secretsync-agent"
RETRIES: Final = Retries()
TOGETHER: Final = 0.2
"""Seconds: files that change in one pass are one change to whoever is told."""


class Mode(Enum):
    """What a command line asks for."""

    RUN = "run"
    VALIDATE = "validate"


class LeaseStrategy(Enum):
    """What is done with a lease before it ends."""

    REPLACE = "replace"
    RENEW = "renew"


@frozen
class Arguments:
    """The command line, and what the environment says in its place.

    Attributes:
        config: Path of the configuration file; not opened where the environment holds the whole configuration.
        strict: Unknown keys are errors.
        once: Render everything once and end, whatever the configuration says.
        dry_run: Say which files would change, and change none.
        timeout: Seconds after which a run that ends by itself has failed.
        log_level: A level of `logging`.
        log_format: `console`, `plain` or `json`.
        log_destination: `stderr` or `stdout`.
    """

    mode: Mode = Mode.RUN
    config: str = "agent-config.yaml"
    strict: bool = False
    once: bool = False
    dry_run: bool = False
    timeout: float = 180.0
    log_level: int = 20
    log_format: str = "console"
    log_destination: str = "stderr"


@frozen
class Variable:
    """A value in a variable of the environment, used as it is."""

    name: str


@frozen
class File:
    """A value in a file, without the white space around it; read at each login.

    Attributes:
        remove: Remove the file after the first login with it that succeeds; what it held is remembered.
    """

    path: str
    remove: bool = False


Source = Variable | File


@frozen
class Auth:
    """How to log in (agent §5).

    Attributes:
        type: As configurations name it, such as `universal-auth`; one of those that exist.
        values: By key with hyphens: `client-id`, `client-secret`, `identity-id`, `username`, `password`, `jwt`. The
            keys `service-account-token` and `service-account-key` are files whatever says so, a variable too.
        organization: The slug of a sub-organisation, or "".
    """

    type: str
    values: Mapping[str, Source]
    organization: str = ""


@frozen
class Placing:
    """How a file is written; None: as it is, or as the system makes a new one.

    Attributes:
        mode: Permission bits, such as 0o640.
        user: Number of the owner.
        group: Number of the group.
        create_directories: Make the folders above it, with mode 0755.
        backup: Keep what it held before in a file of the same name with `.bak` behind it.
    """

    mode: int | None = None
    user: int | None = None
    group: int | None = None
    create_directories: bool = True
    backup: bool = False


@frozen
class Sink:
    """A file that gets the access token. `path` is absolute."""

    path: str
    placing: Placing = Placing()


@frozen
class Command:
    """What runs after a file has changed.

    Attributes:
        line: A line for the shell, or a program and its arguments.
        timeout: Seconds until it is ended, 0.0 for no limit.
        inherit_credentials: It gets the variables that hold credentials, too.
    """

    line: str | tuple[str, ...]
    timeout: float = 0.0
    inherit_credentials: bool = True


@frozen
class Wait:
    """Seconds of calm after a change before it is written, and the seconds after which it is written all the same."""

    min: float
    max: float


@frozen
class Template:
    """A file made from secrets.

    Attributes:
        number: From 1, in the order of the configuration; the `template-id` of logs.
        source: Absolute path of the template, or "": then it is `text`.
        text: The template.
        destination: Absolute path of the file, or "" (every write fails then, as it always did).
        interval: Seconds between two polls.
        delimiters: What begins and ends an action.
        missing_key_fails: A key that a map has not ends the rendering, instead of reading `<no value>`.
        allow_empty: A list that has become empty makes an empty file.
        first_command: The command runs after the first rendering too.
        name: What errors call a template that has no file; "": after its number.
    """

    number: int
    destination: str
    source: str = ""
    text: str = field(default="", repr=False)
    interval: float = 300.0
    command: Command | None = None
    placing: Placing = Placing()
    wait: Wait | None = None
    delimiters: tuple[str, str] = ("{{", "}}")
    missing_key_fails: bool = False
    allow_empty: bool = False
    first_command: bool = False
    name: str = ""


@frozen
class Program:
    """What runs under the agent (agent §18).

    Attributes:
        line: A line for the shell, or a program and its arguments.
        reload_signal: The number of what tells it that files have changed; None: it is started anew.
        kill_signal: The number of what asks it to end.
        kill_timeout: Seconds until it is killed that was asked to end.
        splay: The longest time, in seconds, that it runs on with what was before a change; how long is left to chance.
        restarts: It may be started anew because of a change.
        inherit_credentials: It gets the variables that hold credentials, too.
    """

    line: str | tuple[str, ...] = field(repr=False)
    reload_signal: int | None = None
    kill_signal: int = SIGTERM
    kill_timeout: float = 30.0
    splay: float = 0.0
    restarts: bool = True
    inherit_credentials: bool = False


@frozen
class LeaseCache:
    """Where leases outlive the process; both paths are absolute.

    Attributes:
        folder: Of its entries.
        key_file: What their keys are made of.
    """

    folder: str
    key_file: str


@frozen
class Settings:
    """The whole of it.

    Attributes:
        address: Of the KMS, from `urls.normalise`.
        ca_certificate: What to trust instead of the system's certificates, in PEM; b"" for those.
        retries: How a request is sent again that may do better.
        headers: Sent with every request.
        exit_after_auth: Write everything once and end.
        revoke_on_shutdown: Have the KMS refuse tokens and leases when the agent ends.
        shutdown_timeout: Seconds that this may take.
        cache: Of the start, as the strategy; None: leases end with the process.
        lease_strategy: Of the start; what is read later changes nothing about it.
        shell: Runs command lines: `SHELL`, else `sh`.
        credential_variables: Names of variables of the environment that hold credentials or the way to them.
        ready_file: Made once everything is written, removed at the end; "" for none.
        health_address: `host:port` or `:port` of the page for probes; "" for none.
        events: Listen to the KMS's change feed besides polling.
        program: What runs under the agent, if anything.
        variables: Templates of the variables that the program gets, by their names.
        warnings: What is to be logged about the configuration once logging is set up, one line each.
    """

    address: str
    auth: Auth
    sinks: tuple[Sink, ...] = ()
    templates: tuple[Template, ...] = ()
    retries: Retries = RETRIES
    ca_certificate: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    exit_after_auth: bool = False
    revoke_on_shutdown: bool = False
    shutdown_timeout: float = 25.0
    cache: LeaseCache | None = None
    lease_strategy: LeaseStrategy = LeaseStrategy.REPLACE
    shell: str = "sh"
    credential_variables: frozenset[str] = frozenset()
    ready_file: str = ""
    health_address: str = ""
    events: bool = False
    program: Program | None = None
    variables: Mapping[str, Template] = field(factory=dict)
    warnings: tuple[str, ...] = ()
