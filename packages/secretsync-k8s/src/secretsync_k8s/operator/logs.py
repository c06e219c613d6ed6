"""Logs on standard error, one JSON object a line (or text for people), in which no value can show.

Three doors are shut: loggers of vendors stay at WARNING, because at DEBUG some print headers and bodies; an exception
that is not ours is shown by its type and place, because its text may quote what it was working on; and of a field that
is no plain value only our own text is used.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from traceback import extract_tb
from typing import Any, Final, TextIO

from secretsync.errors import SecretSyncError

JSON: Final = "json"
CONSOLE: Final = "console"
ENCODERS: Final = (CONSOLE, JSON)

VENDORS: Final = (
    "kubernetes",
    "client",
    "urllib3",
    "httpx",
    "httpcore",
    "boto3",
    "botocore",
    "azure",
    "hvac",
    "asyncio",
)

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
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(minimum)
    for name in VENDORS:
        logging.getLogger(name).setLevel(max(minimum, logging.WARNING))
    # A record that cannot be formatted would be printed to standard error with all its arguments.
    logging.raiseExceptions = False
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
        "msg": _message(record),
    }
    fields = getattr(record, "fields", None)
    if isinstance(fields, Mapping):
        line |= {str(key): _plain(value) for key, value in fields.items() if key not in line}
    if record.exc_info and record.exc_info[1] is not None:
        line |= _exception(record.exc_info[1])
    return line


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    if not record.args:
        return str(record.msg)
    if isinstance(record.args, Mapping):
        return str(record.msg) % {key: _shown(value) for key, value in record.args.items()}
    return str(record.msg) % tuple(_shown(value) for value in record.args)


def _shown(value: object) -> object:
    """Return an argument as it may be formatted: numbers keep their type for `%d`."""
    return value if isinstance(value, int | float) else _plain(value)


def _plain(value: object) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case SecretSyncError() | PurePath():
            return str(value)
        case BaseException():
            return type(value).__name__
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
    return str(value) if type(value).__module__.startswith("secretsync") else f"<{type(value).__name__}>"


def _exception(error: BaseException) -> Mapping[str, str]:
    told = {"error": type(error).__name__}
    if isinstance(error, SecretSyncError):
        return told | {"detail": str(error)}
    frames = extract_tb(error.__traceback__)
    return told | ({"at": f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}"} if frames else {})
