"""A target's content by its template (kmssecret §2.1, §2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from hashlib import shake_256
from itertools import count
from typing import Final

from secretsync.targets import Content
from secretsync.templates import Sources, TemplateError, parse
from secretsync.templates import Template as Parsed
from secretsync.templates.kmssecret import KMS_SECRET, parameters
from secretsync.templates.values import TypedMap
from secretsync.values import Row, SecretValue

from .spec import Spec
from .targets import KeptTarget

Sourced = Callable[[object], Sources]
"""Returns the time and the chance of a rendering, by what it is computed from."""


def content(spec: Spec, target: KeptTarget, rows: Mapping[str, Row], sourced: Sourced) -> Content:
    """Return what a target should hold.

    Args:
        rows: The secrets, by key.
        sourced: Equal inputs get equal chance, so that a password that a template makes stays while they stand.

    Raises:
        TemplateError: With target and key; never with a value.
    """
    everything = {key: row.value for key, row in rows.items()}
    template = target.template
    if template is None:
        return everything
    data = parameters({key: (_text(row.value), _path(row)) for key, row in rows.items()})
    made = {} if not template.with_all else everything
    for key, text in template.data.items():
        sources = sourced((spec.object.uid, str(target.ref), key, text, everything))
        made[key] = _rendered(target, key, partial(_parsed, key, text, spec.missing_key), data, sources)
    return made


def _rendered(
    target: KeptTarget, key: str, parsed: Callable[[], Parsed], data: TypedMap, sources: Sources
) -> SecretValue:
    try:
        return SecretValue(parsed().render(data, sources=sources).encode(errors="surrogateescape"))
    except TemplateError as error:
        problem = TemplateError(f'{target.ref}: key "{key}": {error}')
    raise problem  # outside of `except`: the first error would drag the run's values along


@lru_cache(maxsize=1024)
def _parsed(name: str, text: str, missing_key: str) -> Parsed:
    return parse(name, text, missing_key="default" if missing_key == "default" else "error", dialect=KMS_SECRET)


def _text(value: SecretValue) -> str:
    return value.reveal().decode(errors="surrogateescape")


def _path(row: Row) -> str:
    """Return where the secret stands; the rows of an import name its environment before it."""
    return row.path.partition(":")[2] if row.block else row.path


def still(digest: Callable[[object], bytes], now: Callable[[], int]) -> Sourced:
    """Return sources whose chance goes by their inputs under the install key: nobody else can guess it."""

    def sourced(inputs: object) -> Sources:
        blocks = _blocks(digest(inputs))
        return Sources(now=now, random=lambda size: next(blocks)[:size] if size <= _BLOCK else _joined(blocks, size))

    return sourced


_BLOCK: Final = 64


def _blocks(seed: bytes) -> Iterator[bytes]:
    return (shake_256(seed + number.to_bytes(8)).digest(_BLOCK) for number in count())


def _joined(blocks: Iterator[bytes], size: int) -> bytes:
    joined = b"".join(next(blocks) for _ in range(-(-size // _BLOCK)))
    return joined[:size]
