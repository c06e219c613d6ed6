"""`printf`: Go's formatted text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .printing import plain


def printf(form: str, args: Sequence[object]) -> str:
    """Return a text made by a format and its arguments."""
    return form + " ".join(map(plain, args))


def compiled(form: str, count: int) -> Callable[..., str]:
    """Return a function of `count` arguments that does what `printf` with this format does."""

    def run(*args: object) -> str:
        return printf(form, args[:count])

    return run
