"""Logs in the three forms of the original, in which no value can show (agent §1).

What a line may show at all stands in `secretsync.runtime.logs`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TextIO

from secretsync.runtime.logs import configure as send_to
from secretsync.runtime.logs import exception, message

from .settings import Arguments

_COLOURS: Final[Mapping[str, int]] = {"DBG": 33, "INF": 32, "WRN": 33, "ERR": 31, "FTL": 31}
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "DEBUG": ("DBG", "debug"),
    "INFO": ("INF", "info"),
    "WARNING": ("WRN", "warn"),
    "ERROR": ("ERR", "error"),
    "CRITICAL": ("FTL", "fatal"),
}
"""Of each level the short word of lines for people, and the long one of JSON."""


def configure(told: Arguments, *, no_color: bool, stream: TextIO | None = None) -> None:
    """Log as the command line says."""
    handler = logging.StreamHandler(stream or (sys.stdout if told.log_destination == "stdout" else sys.stderr))
    forms: dict[str, Callable[[logging.LogRecord], str]] = {
        "console": _plain if no_color else _coloured,
        "plain": _plain,
        "json": _json,
    }
    handler.setFormatter(_Formatter(forms[told.log_format]))
    send_to(told.log_level, handler)


class _Formatter(logging.Formatter):
    def __init__(self, form: Callable[[logging.LogRecord], str]) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        return self._form(record)


def _text(record: logging.LogRecord) -> str:
    shown = message(record)
    if record.exc_info and record.exc_info[1] is not None:
        shown += f" {dict(exception(record.exc_info[1]))}"
    return shown


def _json(record: logging.LogRecord) -> str:
    line = {"level": _WORDS[record.levelname][1], "time": _time(record), "message": _text(record)}
    return json.dumps(line, ensure_ascii=False)


def _plain(record: logging.LogRecord) -> str:
    return f"{_time(record)} {_WORDS[record.levelname][0]} {_text(record)}"


def _coloured(record: logging.LogRecord) -> str:
    word = _WORDS[record.levelname][0]
    return f"\x1b[90m{_time(record)}\x1b[0m \x1b[{_COLOURS[word]}m{word}\x1b[0m {_text(record)}"


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
