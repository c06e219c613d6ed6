"""The configuration: file and environment become `Settings`, or every problem is told at once (agent §1, §2, §18)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from attrs import evolve

from secretsync import durations
from secretsync.backends.kms.urls import normalise
from secretsync.config import Style, load_leniently, read_text
from secretsync.errors import InvalidInput
from secretsync.retry import Retries

from . import checks, document, logins
from . import environment as env
from .document import KINDS, Document, Kms, absolute, decoded
from .environment import Environment
from .settings import (
    RETRIES,
    Arguments,
    Command,
    LeaseCache,
    LeaseStrategy,
    Placing,
    Program,
    Settings,
    Sink,
    Template,
    Wait,
)

T = TypeVar("T")

_ADDRESSES: Final = {"kms": "https://kms.hanzo.ai", "infisical": "https://app.infisical.com"}
"""Where the programs that we replace go that are told of no address, by the name of the part that would tell it."""

_DELIMITERS: Final = ("{{", "}}")
_READABLE: Final = 0o004
_NEW: Final = 0o644
_CALM: Final = 4
"""Times the shortest wait: the longest, where none is written."""


def load(arguments: Arguments, environ: Mapping[str, str]) -> Settings:
    """Return what the agent is told.

    Raises:
        InvalidInput: Every problem, each as `file:line:column: path: what, remedy`; none shows a value.
    """
    environment = Environment(environ)
    problems: list[str] = []
    told, warnings = Document(), tuple[str, ...]()
    with _noted(problems):
        told, warnings = _document(arguments, environment)
    with _noted(problems):
        retries = _retries(_part(told), environment)
    with _noted(problems):
        headers = _headers(environment)
    if problems:
        raise InvalidInput(problems)
    return _settings(told, environment, retries, headers, exits=arguments.once, warnings=warnings)


@contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    """Keep what is wrong until all is known."""
    try:
        yield
    except InvalidInput as error:
        problems += error.problems


# -- the document


def _document(arguments: Arguments, environment: Environment) -> tuple[Document, tuple[str, ...]]:
    variable = environment.name(env.CONFIG)
    text = _decoded(variable, environment) if variable else read_text(arguments.config)
    path = "" if variable else arguments.config
    return load_leniently(
        text,
        Document,
        source=variable or path,
        check=lambda told: checks.flaws(told, environment, config=path),
        style=Style(KINDS, strict=arguments.strict),
    )


def _decoded(variable: str, environment: Environment) -> str:
    raw = decoded(environment.value(env.CONFIG))
    try:
        if raw is not None:
            return raw.decode()
    except UnicodeDecodeError:
        pass  # raised anew below, because the original carries the bytes
    raise InvalidInput([f"{variable}: holds no UTF-8 text in standard base64; encode the whole file with base64"])


def _part(told: Document) -> Kms:
    return told.infisical or told.kms or Kms()


# -- the environment


def _retries(kms: Kms, environment: Environment) -> Retries:
    """Return how requests are sent again; what the environment says counts before the file."""
    written = kms.retry_strategy
    problems: list[str] = []

    def variable(names: tuple[str, ...], read: Callable[[str], T | None], remedy: str) -> T | None:
        text = environment.value(names)
        value = read(text) if text else None
        if text and value is None:
            problems.append(f"{environment.name(names)}: {remedy}")
        return value

    most = variable(env.MAX_RETRIES, _whole, "write a whole number, 0 for no retry")
    base = variable(env.BASE_DELAY, durations.seconds, "write a duration such as 200ms")
    cap = variable(env.MAX_DELAY, durations.seconds, "write a duration such as 5s")
    if problems:
        raise InvalidInput(problems)
    return Retries(
        _first(most, written.max_retries, RETRIES.most),
        _first(base, written.base_delay, RETRIES.base),
        _first(cap, written.max_delay, RETRIES.cap),
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


def _first(*values: T | None) -> T:
    return next(value for value in values if value is not None)


def _headers(environment: Environment) -> Mapping[str, str]:
    found = env.headers(environment.value(env.HEADERS))
    if found is None:
        variable = environment.name(env.HEADERS)
        raise InvalidInput([f'{variable}: a part of it is no header; write name=value, or name="a value with blanks"'])
    return found


# -- the settings


def _settings(
    told: Document,
    environment: Environment,
    retries: Retries,
    headers: Mapping[str, str],
    *,
    exits: bool,
    warnings: tuple[str, ...],
) -> Settings:
    kms = _part(told)
    address = _ADDRESSES["infisical" if told.infisical else "kms"]
    return Settings(
        address=normalise(kms.address or address),
        auth=logins.auth(told.auth, environment),
        sinks=tuple({checks.real_path(sink.config.path): _sink(sink) for sink in told.sinks}.values()),
        templates=tuple(_template(template, n) for n, template in enumerate(told.templates, 1)),
        program=_program(told.exec) if told.exec else None,
        variables=dict(_variables(told.exec)) if told.exec else {},
        retries=retries,
        ca_certificate=Path(kms.ca_certificate).read_bytes() if kms.ca_certificate else b"",
        headers=headers,
        exit_after_auth=kms.exit_after_auth or exits,
        revoke_on_shutdown=kms.revoke_credentials_on_shutdown and not (kms.exit_after_auth or exits),
        shutdown_timeout=kms.shutdown_timeout,
        cache=_cache(told.cache),
        lease_strategy=LeaseStrategy(kms.lease_strategy),
        shell=environment.variables.get("SHELL") or "sh",
        credential_variables=env.CREDENTIALS,
        ready_file=absolute(kms.ready_file),
        health_address=kms.health_address,
        events=kms.events,
        warnings=(*warnings, *_warnings(told, default=address)),
    )


def _cache(written: document.Cache) -> LeaseCache | None:
    if written.persistent is None or any(checks.of_the_cache(written)):
        return None
    return LeaseCache(absolute(written.persistent.path), absolute(written.persistent.key_file))


def _sink(written: document.Sink) -> Sink:
    config = written.config
    placing = Placing(config.permission, config.user, config.group, config.create_directories)
    return Sink(absolute(config.path), placing)


def _template(written: document.Template, number: int) -> Template:
    config = written.config
    return evolve(
        _rendered(written, config, name="", number=number),
        destination=absolute(written.destination_path),
        command=_command(config.execute),
        placing=Placing(config.permission, config.user, config.group, config.create_directories, backup=config.backup),
        first_command=config.run_on_first_render,
    )


def _variables(written: document.Exec) -> Iterator[tuple[str, Template]]:
    for name, variable in written.environment.items():
        yield name, _rendered(variable, variable.config, name=f"exec.environment.{name}")


def _rendered(text: document.Text, config: document.VariableConfig, *, name: str, number: int = 0) -> Template:
    """Return a template that says nothing yet of where it goes."""
    return Template(
        number=number,
        destination="",
        source=absolute(text.source_path),
        text=_text(text),
        interval=config.polling_interval,
        wait=_wait(config.wait),
        delimiters=(config.left_delimiter or _DELIMITERS[0], config.right_delimiter or _DELIMITERS[1]),
        missing_key_fails=config.error_on_missing_key,
        allow_empty=config.allow_empty,
        name=name,
    )


def _program(written: document.Exec) -> Program:
    return Program(
        written.command,
        reload_signal=written.reload_signal,
        kill_signal=written.kill_signal,
        kill_timeout=written.kill_timeout,
        splay=written.splay or 0.0,
        restarts=written.restart_on_change,
        inherit_credentials=written.inherit_credentials,
    )


def _text(written: document.Text) -> str:
    """Return the text of the place that counts; with none the file becomes empty, as it always did."""
    return "" if written.source_path else written.template_content or written.base64_template_content or ""


def _command(written: document.Execute | None) -> Command | None:
    if written is None or not written.command:
        return None
    return Command(written.command, max(0.0, written.timeout), written.inherit_credentials)


def _wait(written: document.Wait | None) -> Wait | None:
    if written is None or written.min is None:
        return None
    return Wait(written.min, written.max or _CALM * written.min)


# -- what is worth a word


def _warnings(told: Document, *, default: str) -> Iterator[str]:
    kms = _part(told)
    if not kms.address:
        yield f"no address is configured, so credentials go to {default}; write {_name(told)}.address"
    for flaw in checks.of_the_cache(told.cache):
        yield f"{'.'.join(map(str, flaw.path))}: {flaw.text}; leases are made anew after a restart"
    for n, sink in enumerate(told.sinks):
        if _mode(sink.config) & _READABLE:
            yield f'sinks[{n}]: every user of this machine may read the token; write permission: "0600"'
    for n, template in enumerate(told.templates):
        yield from _of_the_text(template, f"templates[{n}]")
        if not template.destination_path:
            yield f"templates[{n}]: has no destination-path, so it is written nowhere"
    for name, variable in (told.exec.environment if told.exec else {}).items():
        yield from _of_the_text(variable, f"exec.environment.{name}")


def _name(told: Document) -> str:
    return "infisical" if told.infisical else "kms"


def _mode(config: document.SinkConfig) -> int:
    if config.permission is not None:
        return config.permission
    try:
        return Path(config.path).stat().st_mode
    except OSError:  # there is none yet, or who writes it will say what is wrong
        return _NEW


def _of_the_text(text: document.Text, place: str) -> Iterator[str]:
    places = {
        "source-path": text.source_path,
        "template-content": text.template_content,
        "base64-template-content": text.base64_template_content,
    }
    given = [name for name, content in places.items() if content]
    if len(given) > 1:
        yield f"{place}: {given[0]} counts, {' and '.join(given[1:])} does not; keep one of them"
    if not given:
        yield f"{place}: has no template, so its file becomes empty; write source-path or template-content"
