"""A template rendered: what it asks, and time and chance that stand still while the answers do."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from posixpath import basename
from typing import Final

from secretsync.backends.kms.queries import DynamicSecret
from secretsync.classes import define, frozen
from secretsync.digest import Digester
from secretsync.reconcile.ask import Ask
from secretsync.templates import Sources, Undecided, parse
from secretsync.templates import Template as Parsed
from secretsync.templates.agent import AGENT
from secretsync.values import SecretValue

from .functions import Lists, Questions, functions
from .local import template_text
from .settings import Template


@frozen
class Made:
    """A rendering.

    Attributes:
        inputs: Digest of the template and of all answers it was made from.
        lists: The names of what the lists held that it asked for.
        leases: Whose credentials may stand in it.
    """

    text: SecretValue
    inputs: bytes
    lists: Lists
    leases: frozenset[DynamicSecret]


UNKNOWN: Final = Made(SecretValue(b"\0"), b"", {}, frozenset())
"""What a dry run makes of what it is not lent."""


@define(eq=False)
class Still:
    """Time and chance of renderings: equal inputs get equal ones, so that their text is equal too.

    A template with `now` or `uuidv4` would otherwise be another text at each look (agent §7).
    """

    now: Callable[[], int]
    entropy: Callable[[int], bytes]
    used: bool = False
    _moment: int = 0
    _seed: bytes = b""
    _count: int = 0

    def begin(self, *, anew: bool) -> Sources:
        """Return the sources of one rendering."""
        if anew:
            self._moment, self._seed = self.now(), self.entropy(32)
        self._count, self.used = 0, False
        return Sources(now=self._now, random=self._random)

    def _now(self) -> int:
        self.used = True
        return self._moment

    def _random(self, size: int) -> bytes:
        self.used = True
        stream = b""
        while len(stream) < size:
            self._count += 1
            stream += hmac.digest(self._seed, self._count.to_bytes(8), "sha256")
        return stream[:size]


@define(eq=False)
class Rendering:
    """Renders one template again and again. Mutable, of one thread.

    Attributes:
        still: Its time and chance.
    """

    template: Template
    questions: Questions
    digest: Digester
    still: Still
    _text: str | None = None
    _parsed: Parsed | None = None
    _inputs: bytes = b""

    def render(self, ask: Ask) -> Made:
        """Return what the template makes of the answers.

        Raises:
            TemplateError: It is none, or fails.
            NotFound: Something that it asks for does not exist.
        """
        try:
            return self._made(self._current(ask), ask)
        except Undecided as undecided:
            ask.verify_reads()  # what is missing comes first
            failed = undecided.error
        finally:
            self.questions.end()
        if failed:
            raise failed  # and nothing is lent for it
        ask.verify()
        return UNKNOWN  # what a dry run is not lent

    def _made(self, parsed: Parsed, ask: Ask) -> Made:
        text = self._rendered(parsed, ask, anew=not self._inputs)
        inputs = self.digest((self._text, self.questions.answers))
        if inputs != self._inputs:
            if self.still.used and self._inputs:
                text = self._rendered(parsed, ask, anew=True)
            self._inputs = inputs
        leases = frozenset(self.questions.leases)
        return Made(SecretValue(text.encode(errors="surrogateescape")), inputs, self.questions.lists, leases)

    def _rendered(self, parsed: Parsed, ask: Ask, *, anew: bool) -> str:
        self.questions.begin(ask)
        return parsed.render(sources=self.still.begin(anew=anew))

    def _current(self, ask: Ask) -> Parsed:
        """Return the template as it stands now; one that did not change is parsed once."""
        source = self.template.source
        text = template_text(ask, source) if source else self.template.text
        if self._parsed is None or text != self._text:
            self._parsed = None
            self._parsed = parse(
                basename(source) or self.template.name or f"template-{self.template.number}",
                text,
                functions=functions(self.questions),
                delimiters=self.template.delimiters,
                missing_key="error" if self.template.missing_key_fails else "default",
                dialect=AGENT,
            )
            self._text = text
        return self._parsed
