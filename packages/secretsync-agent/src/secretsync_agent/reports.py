"""What came of each file, told to people in the words they look for (agent §13), and to who waits for all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final, final

from attrs import field

from secretsync.classes import define
from secretsync.errors import AuthenticationFailed, BackendError, CredentialsNotFound, SecretSyncError, WrongEndpoint
from secretsync.reconcile.messages import Outcome, Report
from secretsync.targets import Change

from .caution import AllKeysRemoved, ManyKeysRemoved
from .revocation import Ending
from .settings import Command, Template
from .targets import KeptToken, RenderedFile, RenderedVariable, Thing, TokenFile

log: Final = logging.getLogger("secretsync.agent")

_AT_ONCE: Final = 2
"""Failures in a row of which the last may have come of looking at once."""
_WRITTEN: Final = frozenset({Change.CREATED.value, Change.UPDATED.value, Change.ADOPTED.value, Change.CORRECTED.value})


@final
@define(eq=False)
class Reports:
    """Takes outcomes on one thread; what it knows may be read from others.

    Attributes:
        things: What is kept right now, by its key; may be replaced.
        changed: Told of a file that changed after its first rendering, or at it if that was asked for.
        news: Called after each outcome.
        dry: Nothing is written, so nothing is told to be, and nothing runs.
        changes: How often a file that a template makes was written.
        errors: Why those that were looked at are not as wanted; none of them: they are.
    """

    things: Mapping[str, Thing]
    changed: Callable[[Command], None]
    news: Callable[[str, Outcome], None]
    dry: bool = False
    changes: int = field(default=0, init=False)
    errors: dict[str, tuple[SecretSyncError, ...]] = field(factory=dict, init=False)
    _once_right: set[str] = field(factory=set, init=False)
    _rendered: set[str] = field(factory=set, init=False)
    _said: dict[str, str] = field(factory=dict, init=False)

    def report(self, report: Report) -> None:
        """Take in what came of one thing."""
        thing = self.things.get(report.key)
        if thing is None:
            return
        self.errors[report.key] = report.outcome.errors
        for error in report.outcome.errors:
            if self._is_news(report, error):
                _complain(thing, error)
        if report.outcome.ready:
            if not self.dry:
                self._succeeded(thing, report.outcome)
            self._once_right.add(report.key)  # behind it: who hears that all is there must not take it for a change
        self.news(report.key, report.outcome)

    def begin(self, things: Mapping[str, Thing]) -> None:
        """Know of these things alone from now on, and nothing of them yet."""
        self.things, self.errors = things, {}

    def forget(self, key: str) -> None:
        """Take a thing that is kept no more for one that was never seen."""
        self.errors.pop(key, None)
        self._rendered.discard(key)
        self._once_right.discard(key)

    @property
    def complete(self) -> bool:
        """Everything has been as wanted at some time; what fails now has its old file."""
        return self._once_right >= self.things.keys()

    @property
    def all_reported(self) -> bool:
        return self.errors.keys() >= self.things.keys()

    @property
    def all_right(self) -> bool:
        return not self.wrong

    @property
    def wrong(self) -> tuple[str, ...]:
        """The keys of what is not as wanted, or not known to be."""
        return tuple(key for key in self.things if self.errors.get(key) != ())

    @property
    def misdirected(self) -> bool:
        """What answers at the configured address is not the API."""
        return any(isinstance(error, WrongEndpoint) for errors in self.errors.values() for error in errors)

    def _is_news(self, report: Report, error: SecretSyncError) -> bool:
        """Whether an error is worth a line: a first look more often at what does not exist brings the same once more."""
        said, self._said[report.key] = self._said.get(report.key), str(error)
        return report.outcome.failures != _AT_ONCE or said != str(error)

    def _succeeded(self, thing: Thing, outcome: Outcome) -> None:
        written = any(note.reason in _WRITTEN for note in outcome.notes)
        match thing:
            case TokenFile(sink):
                if written:
                    log.info("new access token saved to file at path '%s'", sink.path)
            case RenderedFile(template):
                self._template(thing.key, template, written=written)
            case RenderedVariable(name=name):
                if written:
                    log.info("template has been rendered for the variable %s", name)

    def _template(self, key: str, template: Template, *, written: bool) -> None:
        first = key not in self._rendered
        self._rendered.add(key)
        if written:
            self.changes += 1
            path = template.destination
            log.info("template has been rendered and saved to path %s [template-id=%d]", path, template.number)
        elif first:
            log.info("%s is as its template has it [template-id=%d]", template.destination, template.number)
        if template.command and (template.first_command if first else written):
            self.changed(template.command)


def _complain(thing: Thing, error: SecretSyncError) -> None:
    match thing:
        case Ending(what):
            log.error("%s is not revoked because %s", what, error)
        case KeptToken():
            if _operation(error).startswith("renew"):
                log.error("unable to refresh token because %s", error)
            else:
                log.error("unable to authenticate because %s. Will retry in 30 seconds", error)
        case _ if isinstance(error, AuthenticationFailed | CredentialsNotFound) or _is_of_a_login(error):
            log.debug("%s waits for a token", thing.key)  # said once, for the token itself
        case TokenFile(sink):
            log.error("unable to write file sink to path '%s' because %s", sink.path, error)
        case RenderedFile(template):
            log.log(_level(error), "unable to process template because %s [template-id=%d]", error, template.number)
        case RenderedVariable(name=name):
            log.log(_level(error), "unable to process template because %s [variable=%s]", error, name)


def _level(error: SecretSyncError) -> int:
    return logging.WARNING if isinstance(error, ManyKeysRemoved | AllKeysRemoved) else logging.ERROR


def _operation(error: SecretSyncError) -> str:
    return error.operation if isinstance(error, BackendError) else ""


def _is_of_a_login(error: SecretSyncError) -> bool:
    return _operation(error).startswith(("log in", "renew"))
