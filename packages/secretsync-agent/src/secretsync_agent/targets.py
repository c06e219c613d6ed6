"""What the agent keeps right, each a function that asks: files and variables made by templates, sinks, the token itself.

They are subjects of the same engine that keeps Secrets in a cluster: polls, events, retries and renewals are its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from attrs import field

from secretsync.auth.token import Token
from secretsync.backends.kms.queries import DynamicSecret
from secretsync.classes import define, frozen
from secretsync.errors import TargetInvalid
from secretsync.files import CONTENT, MARK, attributes, target
from secretsync.mailbox import CALLER, KIND
from secretsync.policies import DELIVERY, FILE
from secretsync.queries import Absent, Found, Identity
from secretsync.reconcile.ask import Ask
from secretsync.targets import Observe, Ref, Target
from secretsync.values import SecretValue

from .caution import Caution
from .rendering import UNKNOWN, Rendering
from .settings import Placing, Sink, Template

TOKEN: Final = "token"  # noqa: S105 - the key of a subject
_LONGEST: Final = 120_000
"""Bytes: Linux takes 128 KiB of a variable, its name included."""
_DAY: Final = 86_400.0
"""Seconds: a token is renewed at its own time, whatever the interval of who asks for it."""


class Thing(Protocol):
    """Something that is kept right."""

    @property
    def key(self) -> str:
        """Its name, the same for the same file."""
        ...

    @property
    def says(self) -> tuple[object, ...]:
        """All that it is made from; equal ones are the same thing."""
        ...

    @property
    def interval(self) -> float:
        """Seconds between two looks."""
        ...

    def desired(self, ask: Ask) -> tuple[Target, ...]:
        """Return what should be, as far as the answers are there."""
        ...


@frozen
class TokenFile:
    """A sink: a file that holds the token, whichever that is."""

    sink: Sink
    identity: Identity
    interval: float = _DAY

    @property
    def key(self) -> str:
        return f"sink:{self.sink.path}"

    @property
    def says(self) -> tuple[object, ...]:
        return self.sink, self.identity

    def desired(self, ask: Ask) -> tuple[Target, ...]:
        token = ask(Token(self.identity))
        return () if isinstance(token, Absent) else (_file(self.sink.path, token.value, self.sink.placing),)


@frozen
class KeptToken:
    """Nothing but a token that is there and renewed, whether a file asks for it or not.

    Attributes:
        heard: Told of each one.
    """

    identity: Identity
    heard: Callable[[SecretValue], None]
    key: str = TOKEN
    interval: float = _DAY

    @property
    def says(self) -> tuple[object, ...]:
        return (self.identity,)

    def desired(self, ask: Ask) -> tuple[Target, ...]:
        token = ask(Token(self.identity))
        if isinstance(token, Found):
            self.heard(token.value)
        return ()


@define(eq=False)
class _Rendered:
    """What a template makes, wherever it goes."""

    template: Template
    identity: Identity
    rendering: Rendering
    _caution: Caution = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._caution = Caution(self.template.interval, self.template.wait, allow_empty=self.template.allow_empty)

    @property
    def says(self) -> tuple[object, ...]:
        return self.template, self.identity

    @property
    def interval(self) -> float:
        return self.template.interval


@define(eq=False)
class RenderedFile(_Rendered):
    """A file that a template makes.

    Attributes:
        leases: Whose credentials stand in it.
    """

    leases: frozenset[DynamicSecret] = frozenset()

    @property
    def key(self) -> str:
        return f"template:{self.template.destination or self.template.number}"

    def desired(self, ask: Ask) -> tuple[Target, ...]:
        if not self.template.destination:
            raise TargetInvalid("the template has no destination-path; name the file that it makes")
        ask.expect(Observe(target(self.template.destination)))
        made = self.rendering.render(ask)
        text = self._caution.released(made, ask)
        self.leases = made.leases
        return (_file(self.template.destination, text, self.template.placing),)


@define(eq=False)
class RenderedVariable(_Rendered):
    """A variable of a program's environment that a template makes."""

    name: str = field(kw_only=True)

    @property
    def key(self) -> str:
        return f"variable:{self.name}"

    def desired(self, ask: Ask) -> tuple[Target, ...]:
        ask.expect(Observe(variable(self.name)))
        made = self.rendering.render(ask)
        if made is UNKNOWN:
            return ()
        text = self._caution.released(made, ask)
        if b"\0" in text.reveal():
            raise TargetInvalid(
                f"a NUL byte cannot stand in the variable {self.name}; take another template, or a file"
            )
        if len(text.reveal()) > _LONGEST:
            raise TargetInvalid(f"what is to stand in the variable {self.name} is too long for one; take a file")
        return (Target(variable(self.name), {CONTENT: text}, DELIVERY, mark=""),)


def variable(name: str) -> Ref:
    """Return the name of a program's variable as a target."""
    return Ref(CALLER, KIND, name)


def _file(path: str, content: SecretValue, placing: Placing) -> Target:
    wanted = attributes(mode=placing.mode, user=placing.user, group=placing.group)
    return Target(target(path), {CONTENT: content}, FILE, MARK, wanted)
