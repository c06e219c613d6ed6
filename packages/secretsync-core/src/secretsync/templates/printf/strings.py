"""The verbs of strings: `%s`, `%q`, `%x` and `%X`; and booleans' `%t`."""

from __future__ import annotations

from ..quoting import can_backquote, quote
from ..values import encoded, well_formed
from .integers import pad
from .parse import Directive


def string(value: str, how: Directive) -> str | None:
    """Return a string as its verb has it, or None if the verb is none of strings."""
    match how.verb:
        case "s":
            return _fitted(value, how)
        case "v":
            return _quoted(value, how) if how.sharp_v else _fitted(value, how)
        case "q":
            return _quoted(value, how)
        case "x" | "X":
            return _hexadecimal(encoded(value), how)
        case _:
            return None


def boolean(value: object, how: Directive) -> str | None:
    """Return a truth value, or None if the verb is none of them."""
    return pad("true" if value else "false", how) if how.verb in {"t", "v"} else None


def _fitted(value: str, how: Directive) -> str:
    if not how.width and how.precision is None:
        return value
    return pad(_cut(value, how), how)


def _cut(value: str, how: Directive) -> str:
    return well_formed(value)[: how.precision]


def _quoted(value: str, how: Directive) -> str:
    value = _cut(value, how)
    if how.sharp and can_backquote(value):
        return pad(f"`{value}`", how)
    return pad(quote(value, ascii_only=how.plus), how)


def _hexadecimal(value: bytes, how: Directive) -> str:
    """Return bytes as hexadecimal digits; the precision says how many bytes, a space parts them."""
    value = value[: how.precision]
    prefix = "0x" if how.sharp and value else ""
    text = prefix + (f" {prefix}".join(f"{byte:02x}" for byte in value) if how.space else value.hex())
    return pad(text.upper() if how.verb == "X" else text, how)
