"""The doors: text, a file or parsed JSON becomes a value of an attrs class."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import TypeVar

from ..errors import InvalidInput
from .document import compose
from .structure import Check, WireName, camel_case, read
from .tree import Composed, from_json

T = TypeVar("T")


def load(text: str, cls: type[T], *, source: str, check: Check[T] | None = None, wire_name: WireName = camel_case) -> T:
    """Return what a YAML or JSON text says.

    Args:
        text: One document.
        cls: An attrs class; its fields' types decide how scalars are read, and keys it does not know are problems.
        source: Names the text in problems, like a file name.
        check: Looks for what types cannot say, once the types are right.
        wire_name: The key of a field, by the field's name.

    Raises:
        InvalidInput: With every problem, each as `source:line:column: path: what, remedy`; none shows a value.
    """
    return read(compose(text, source=source), cls, source=source, check=check, wire_name=wire_name)


def load_file(
    path: FilePath | str, cls: type[T], *, check: Check[T] | None = None, wire_name: WireName = camel_case
) -> T:
    """Return what a file says, as `load` does; a file that cannot be read is a problem too."""
    return load(read_text(path), cls, source=str(path), check=check, wire_name=wire_name)


def structure(
    data: object, cls: type[T], *, source: str, check: Check[T] | None = None, wire_name: WireName = camel_case
) -> T:
    """Return what parsed JSON says, as `load` does; problems have paths, but neither lines nor columns."""
    return read(Composed(from_json(data)), cls, source=source, check=check, wire_name=wire_name)


def read_text(path: FilePath | str) -> str:
    """Return what a file holds.

    Raises:
        InvalidInput: It cannot be read, or is not UTF-8.
    """
    try:
        return FilePath(path).read_text("utf-8")
    except OSError as error:
        raise InvalidInput([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        pass  # raised anew below, because the original carries the bytes
    raise InvalidInput([f"{path}: cannot be read: it is not UTF-8 text"])
