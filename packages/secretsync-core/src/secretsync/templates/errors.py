"""What can go wrong with a template, in Go's words.

    TemplateError
    ├── ParseError       the text is no template: `template: NAME:LINE: …`
    ├── ExecutionError   rendering failed: `template: NAME:LINE:COL: executing "NAME" at <CONTEXT>: …`
    └── LimitExceeded    a template asked for more than it may have; `limit` says of what

Where Go would quote data, the texts say `[redacted]`. They quote the template itself, which is no secret.
"""

from __future__ import annotations

from typing import Final

from ..errors import SecretSyncError

LONGEST_WORD: Final = 100_000
"""Characters of a text that stands for one small thing."""


class TemplateError(SecretSyncError):
    """A template is wrong, or failed."""

    code = "template_error"


class ParseError(TemplateError):
    """A text is no template."""

    code = "template_parse_error"


class ExecutionError(TemplateError):
    """A template failed while it was rendered."""

    code = "template_execution_error"


class LimitExceeded(TemplateError):
    """A template asked for more than it may have.

    Attributes:
        limit: The name of the limit, a field of `Limits`.
    """

    code = "template_limit_exceeded"

    def __init__(self, text: str, limit: str) -> None:
        super().__init__(text, limit)
        self.text = text
        self.limit = limit

    def __str__(self) -> str:
        return self.text


class FunctionError(Exception):
    """What a function raises to end the run with `error calling NAME: …`; the text must quote no data."""


class Failure(Exception):
    """Raised while a template runs, without its place: whoever catches it finds that by the traceback."""


class Excess(Failure):
    """Raised while a template runs into a limit."""

    def __init__(self, text: str, limit: str) -> None:
        super().__init__(text)
        self.limit = limit


def check_word(text: str, what: str) -> None:
    """Refuse a text that is too long for something small, such as a version, which is read part by part."""
    if len(text) > LONGEST_WORD:
        raise Excess(f"{what} of more than {LONGEST_WORD} characters", "text")
