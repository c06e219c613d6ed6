"""What `validate` does: it shows what the agent would do, and looks at what a start only meets later (agent §18).

Nothing is asked of any server. What a command runs is not shown, nor what a file or a variable holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from signal import Signals

from secretsync.config import read_text
from secretsync.errors import InvalidInput
from secretsync.templates import TemplateError, parse
from secretsync.templates.agent import AGENT

from .settings import Auth, File, Program, Settings, Sink, Template


def validate(settings: Settings) -> tuple[str, ...]:
    """Return, line by line, what a configuration means.

    Raises:
        InvalidInput: Every template that is none.
    """
    templates = [*settings.templates, *settings.variables.values()]
    if problems := [problem for template in templates for problem in _problems(template)]:
        raise InvalidInput(problems)
    return tuple(_lines(settings))


def _problems(template: Template) -> Iterator[str]:
    name = template.source or template.name or f"templates[{template.number - 1}]"
    try:
        text = read_text(template.source) if _is_there(template) else template.text
        parse(name, text, delimiters=template.delimiters, dialect=AGENT)
    except InvalidInput as error:
        yield from error.problems
    except TemplateError as error:
        yield str(error)


def _is_there(template: Template) -> bool:
    """Whether a template has a file to look at: one that comes later is no mistake."""
    return bool(template.source) and Path(template.source).exists()


def _lines(settings: Settings) -> Iterator[str]:
    yield f"address: {settings.address}"
    yield f"login: {settings.auth.type}{_organization(settings.auth)}"
    for key, source in settings.auth.values.items():
        yield f"  {key}: {_file(source.path) if isinstance(source, File) else f'variable {source.name}'}"
    for sink in settings.sinks:
        yield f"sink: {sink.path}{_mode(sink)}"
    for template in settings.templates:
        yield f"template {template.number}: {_origin(template)} -> {template.destination or 'nowhere'}{_mode(template)}"
        yield f"  {_rhythm(settings, template)}"
    if settings.program:
        yield from _of_the_program(settings, settings.program)


def _of_the_program(settings: Settings, program: Program) -> Iterator[str]:
    if settings.exit_after_auth:
        yield "program: not started, because everything is written once only"
        return
    files = f"told by {Signals(program.reload_signal).name}" if program.reload_signal else _restart(program)
    yield f"program: started when everything is there; when files change, {files}"
    for name, template in settings.variables.items():
        yield f"  {name}: {_origin(template)}, {_rhythm(settings, template)}; when it changes, {_restart(program)}"
    yield f"  ended by {Signals(program.kill_signal).name}, killed {program.kill_timeout:g} s later"


def _restart(program: Program) -> str:
    return "started anew" if program.restarts else "not told"


def _organization(auth: Auth) -> str:
    return f" to {auth.organization}" if auth.organization else ""


def _origin(template: Template) -> str:
    return _file(template.source) if template.source else "text in the configuration"


def _file(path: str) -> str:
    return f"file {path}" if Path(path).exists() else f"file {path} (not there yet)"


def _mode(written: Sink | Template) -> str:
    return "" if written.placing.mode is None else f", mode {written.placing.mode:04o}"


def _rhythm(settings: Settings, template: Template) -> str:
    rhythm = "once" if settings.exit_after_auth else f"every {template.interval:g} s"
    if template.command is None:
        return rhythm
    when = "the first time too" if template.first_command else "but not the first time"
    return f"{rhythm}; a command runs when it changes, {when}"
