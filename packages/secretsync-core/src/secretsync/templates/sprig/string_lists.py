"""Sprig's chapter on lists of strings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..functions import ANY, Function
from ..runtime import Run
from ..values import TypedList, TypedMap, decoded, encoded, well_formed
from .conversion import text_of, texts_of


def join(run: Run, separator: str, values: object) -> str:
    """Return the elements of a list as one text."""
    texts = texts_of(values)
    run.weigh(texts)
    run.check_text(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def split_list(run: Run, separator: str, text: str) -> TypedList:
    """Return what stands between separators."""
    return TypedList("[]string", _parts(run, text, separator, -1))


def split(run: Run, separator: str, text: str) -> TypedMap:
    """Return what stands between separators under `_0`, `_1` and so on."""
    return _numbered(_parts(run, text, separator, -1))


def split_some(run: Run, separator: str, count: int, text: str) -> TypedMap:
    """Return at most so many parts, the last of which is not split, or all for a negative count."""
    return _numbered(_parts(run, text, separator, count))


def _numbered(parts: list[str]) -> TypedMap:
    return TypedMap("map[string]string", {f"_{at}": part for at, part in enumerate(parts)})


def _parts(run: Run, text: str, separator: str, count: int) -> list[str]:
    if count == 0:
        return []
    most = count - 1 if count > 0 else -1
    if not separator:
        return _characters(run, well_formed(text), most)
    if separator.isascii() and text.isascii():
        run.check_items(text.count(separator) + 1)
        return text.split(separator, most)
    raw, between = encoded(text), encoded(separator)
    run.check_items(raw.count(between) + 1)
    return [decoded(part) for part in raw.split(between, most)]


def _characters(run: Run, text: str, most: int) -> list[str]:
    run.check_items(len(text))
    if most < 0 or most >= len(text):
        return list(text)
    return [*text[:most], text[most:]]


def sort_alpha(values: object) -> TypedList:
    """Return the elements of a list as texts in the order of their bytes."""
    texts = texts_of(values) if isinstance(values, list | tuple) else [text_of(values)]
    texts.sort(key=encoded)
    return TypedList("[]string", texts)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "join": Function(join, ("string", ANY), gives="string", needs_run=True),
    "sortAlpha": Function(sort_alpha, (ANY,), gives="[]string"),
    "split": Function(split, ("string", "string"), gives="map[string]string", needs_run=True),
    "splitList": Function(split_list, ("string", "string"), gives="[]string", needs_run=True),
    "splitn": Function(split_some, ("string", "int", "string"), gives="map[string]string", needs_run=True),
}
