"""What the types of a configuration cannot say: values that are missing, that contradict each other, that do harm."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from secretsync.backends.kms.urls import normalise
from secretsync.config import Flaw
from secretsync.errors import InvalidInput

from . import logins
from .document import Cache, Document, Exec, Kms, Wait
from .environment import Environment

CERTIFICATES: Final = "certificates are not supported yet; take this file to the KMS's own certificate agent"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PEM: Final = b"-----BEGIN CERTIFICATE-----"


def flaws(document: Document, environment: Environment, *, config: str) -> Iterator[Flaw]:
    """Yield every one.

    Args:
        document: As far as it could be read.
        environment: Of the process.
        config: Path of the configuration's own file, "" where it is none.
    """
    if document.certificates or document.version:
        yield Flaw(("certificates",) if document.certificates else ("version",), CERTIFICATES)
        return
    yield from _of_the_server(document)
    yield from logins.flaws(document.auth, environment)
    for n, sink in enumerate(document.sinks):
        if sink.type is None:
            yield Flaw(("sinks", n, "type"), "missing; write file")
        if not sink.config.path:
            yield Flaw(("sinks", n, "config", "path"), "missing; name the file that the token is written to")
    for n, template in enumerate(document.templates):
        yield from _of_the_wait(template.config.wait, ("templates", n))
    if document.exec:
        yield from _of_the_program(document.exec, exits=_kms(document).exit_after_auth)
    if not document.cache.optional:
        yield from of_the_cache(document.cache)
    yield from _overwritten(document, environment, config)


def _of_the_server(document: Document) -> Iterator[Flaw]:
    if document.kms and document.infisical:
        yield Flaw(("infisical",), "stands beside kms and means the same; keep one of them")
    name = "infisical" if document.infisical else "kms"
    kms = _kms(document)
    for problem in _address_problems(kms.address):
        yield Flaw((name, "address"), problem)
    if (most := kms.retry_strategy.max_retries) is not None and most < 0:
        yield Flaw((name, "retry-strategy", "max-retries"), "must not be below 0; 0 is no retry")
    if kms.ca_certificate and (problem := _pem_problem(kms.ca_certificate)):
        yield Flaw((name, "ca-certificate"), problem)


def _kms(document: Document) -> Kms:
    return document.infisical or document.kms or Kms()


def of_the_cache(cache: Cache) -> Iterator[Flaw]:
    """Yield why leases cannot be kept as the configuration wants it."""
    written, place = cache.persistent, ("cache", "persistent")
    if written is None:
        return
    if written.type is None:
        yield Flaw((*place, "type"), "missing; write kubernetes or file")
    elif not written.key_file:
        yield Flaw((*place, "key-path"), "missing; name a file that only the agent can read")
    elif problem := _key_problem(written.key_file):
        yield Flaw((*place, "key-path" if written.type == "file" else "service-account-token-path"), problem)
    if not written.path:
        yield Flaw((*place, "path"), "missing; name the folder that leases are kept in")
    elif problem := _folder_problem(written.path):
        yield Flaw((*place, "path"), problem)


def _key_problem(path: str) -> str:
    try:
        return "" if Path(path).read_bytes().strip() else "is empty; name a file with a key"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"


def _folder_problem(path: str) -> str:
    wanted = Path(path).absolute()
    there = next(place for place in (wanted, *wanted.parents) if os.access(place, os.F_OK))
    usable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    return "" if usable else f"{there} is no folder that can be written to"


def _address_problems(address: str) -> tuple[str, ...]:
    if not address:
        return ()
    try:
        normalise(address, place="")
    except InvalidInput as error:
        return tuple(problem.removeprefix(": ") for problem in error.problems)
    return ()


def _pem_problem(path: str) -> str:
    try:
        found = _PEM in Path(path).read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}; name a file with certificates in PEM"
    return "" if found else "holds no certificate in PEM"


def _of_the_wait(wait: Wait | None, place: tuple[str | int, ...]) -> Iterator[Flaw]:
    if wait and wait.min is None:
        yield Flaw((*place, "config", "wait", "min"), "missing; write a duration such as 2s")
    elif wait and wait.min and wait.max and wait.max < wait.min:
        yield Flaw((*place, "config", "wait", "max"), "is shorter than min; write a longer one, or none")


def _of_the_program(program: Exec, *, exits: bool) -> Iterator[Flaw]:
    if not program.command:
        yield Flaw(
            ("exec", "command"), "missing; write a program and its arguments, as a list, or a line for the shell"
        )
    if exits:
        yield Flaw(("exec",), "would never run, because exit-after-auth ends the agent before; keep one of them")
    for name, variable in program.environment.items():
        place = ("exec", "environment", name)
        if not _VARIABLE.fullmatch(name):
            yield Flaw(place, "is no name of a variable; write letters, digits and underscores")
        if not (variable.source_path or variable.template_content or variable.base64_template_content):
            yield Flaw(place, "has no template; write template-content or source-path")
        yield from _of_the_wait(variable.config.wait, place)


def _overwritten(document: Document, environment: Environment, config: str) -> Iterator[Flaw]:
    """Yield each file that would be written over something that is needed, or by two."""
    used = {real_path(path): what for path, what in _read(document, environment, config) if path}
    sinks = {real_path(sink.config.path): n for n, sink in enumerate(document.sinks) if sink.config.path}
    for where, n in sinks.items():
        if where in used:
            yield Flaw(("sinks", n, "config", "path"), f"is {used[where]} too; name another file")
    used |= {where: f"the file of sinks[{n}]" for where, n in sinks.items()}
    for n, template in enumerate(document.templates):
        where = real_path(template.destination_path) if template.destination_path else ""
        if where in used:
            yield Flaw(("templates", n, "destination-path"), f"is {used[where]} too; name another file")
        elif where:
            used[where] = f"the destination of templates[{n}]"


def _read(document: Document, environment: Environment, config: str) -> Iterator[tuple[str, str]]:
    """Yield every file that is only read, with what it is."""
    yield config, "the configuration"
    for key, path in logins.files(document.auth, environment).items():
        yield path, f"the file with {key}"
    for n, template in enumerate(document.templates):
        yield template.source_path, f"the source of templates[{n}]"
    for name, variable in (document.exec.environment if document.exec else {}).items():
        yield variable.source_path, f"the source of exec.environment.{name}"


def real_path(path: str) -> str:
    """Return where a path leads, whether something is there or not."""
    return os.path.realpath(path)
