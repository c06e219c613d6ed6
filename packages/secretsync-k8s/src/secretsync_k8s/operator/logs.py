"""Logs on standard error, one JSON object a line (or text for people), in which no value can show.

What a line may show at all stands in `secretsync.runtime.logs`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from secretsync.runtime import logs as runtime_logs
from secretsync.runtime.logs import exception, message, plain

JSON: Final = "json"
CONSOLE: Final = "console"
ENCODERS: Final = (CONSOLE, JSON)

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "dpanic": logging.ERROR,
    "panic": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}


def level(name: str) -> int:
    """Return the level that `--zap-log-level` names: a word, or a number, where any above 0 means debug.

    Raises:
        ValueError: It names none.
    """
    if name.isascii() and name.isdigit() and int(name):
        return logging.DEBUG
    if name.lower() not in _LEVELS:
        raise ValueError
    return _LEVELS[name.lower()]


def configure(minimum: int, *, encoder: str = JSON, stream: TextIO = sys.stderr) -> logging.Handler:
    """Send everything from `minimum` on to `stream` and return the handler, which replaces all earlier ones.

    Args:
        encoder: One of `ENCODERS`.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_FORMATTERS[encoder]())
    runtime_logs.configure(minimum, handler)
    return handler


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON: ts, level, logger, msg, then what `extra={"fields": {…}}` brings."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_line(record), ensure_ascii=False)


class ConsoleFormatter(logging.Formatter):
    """Formats a record for people, with tabs between: time, LEVEL, logger, message, then the rest as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = _line(record)
        words = [line.pop("ts"), line.pop("level").upper(), line.pop("logger"), line.pop("msg")]
        return "\t".join([*words, *([json.dumps(line, ensure_ascii=False)] if line else [])])


_FORMATTERS: Final = {JSON: JsonFormatter, CONSOLE: ConsoleFormatter}


def _line(record: logging.LogRecord) -> dict[str, Any]:
    line: dict[str, Any] = {
        "ts": _timestamp(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "msg": message(record),
    }
    fields = getattr(record, "fields", None)
    if isinstance(fields, Mapping):
        line |= {str(key): plain(value) for key, value in fields.items() if key not in line}
    if record.exc_info and record.exc_info[1] is not None:
        line |= exception(record.exc_info[1])
    return line


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
