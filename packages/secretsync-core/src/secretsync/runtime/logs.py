"""What a log line may show: our own texts and plain values, and of everything else its type.

Three doors are shut: loggers of vendors stay at WARNING, because at DEBUG some print headers and bodies; an exception
that is not ours is shown by its type and place, because its text may quote what it was working on; and of a field that
is no plain value only our own text is used.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import PurePath
from traceback import extract_tb
from typing import Any, Final

from ..errors import SecretSyncError

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


def configure(minimum: int, handler: logging.Handler) -> None:
    """Send everything from `minimum` on to a handler, which replaces all earlier ones."""
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(minimum)
    for name in VENDORS:
        logging.getLogger(name).setLevel(max(minimum, logging.WARNING))
    # A record that cannot be formatted would be printed to standard error with all its arguments.
    logging.raiseExceptions = False


def message(record: logging.LogRecord) -> str:
    """Return what a record says."""
    if not record.args:
        return str(record.msg)
    if isinstance(record.args, Mapping):
        return str(record.msg) % {key: _shown(value) for key, value in record.args.items()}
    return str(record.msg) % tuple(_shown(value) for value in record.args)


def _shown(value: object) -> object:
    """Return an argument as it may be formatted: numbers keep their type for `%d`."""
    return value if isinstance(value, int | float) else plain(value)


def plain(value: object) -> Any:
    """Return what may be shown of a value."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case SecretSyncError() | PurePath():
            return str(value)
        case BaseException():
            return type(value).__name__
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    return str(value) if type(value).__module__.startswith("secretsync") else f"<{type(value).__name__}>"


def exception(error: BaseException) -> Mapping[str, str]:
    """Return what may be shown of an exception."""
    told = {"error": type(error).__name__}
    if isinstance(error, SecretSyncError):
        return told | {"detail": str(error)}
    frames = extract_tb(error.__traceback__)
    return told | ({"at": f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}"} if frames else {})
