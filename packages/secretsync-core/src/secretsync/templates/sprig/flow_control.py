"""Sprig's chapter on flow control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

from ..errors import FunctionError
from ..functions import Function


def fail(message: str) -> NoReturn:
    """End the run; what the template has to say about it may be made of data."""
    raise FunctionError("[redacted]" if message else "")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "fail": Function(fail, ("string",), gives="string"),
}
