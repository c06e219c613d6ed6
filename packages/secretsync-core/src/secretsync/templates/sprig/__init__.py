"""The functions of Sprig 3.3.0: a module for each chapter of its documentation, loaded when a template names one.

A chapter ends in `FUNCTIONS`: names, and what Go's signatures say of them. `env`, `expandenv` and `getHostByName` are
left out: a template has no business with the machine it is rendered on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ..functions import Function

_CHAPTERS: Final = {
    "dates": (
        "ago date dateInZone date_in_zone dateModify date_modify duration durationRound htmlDate htmlDateInZone"
        " mustDateModify must_date_modify mustToDate now toDate unixEpoch"
    ),
    "flow_control": "fail",
    "integer_lists": "seq until untilStep",
    "json": "fromJson mustFromJson mustToJson mustToPrettyJson mustToRawJson toJson toPrettyJson toRawJson",
}
CHAPTERS: Final[Mapping[str, str]] = {name: chapter for chapter, names in _CHAPTERS.items() for name in names.split()}
"""The module of each function."""


class _Chapters(Mapping[str, Function]):
    """Looks a function up where it is, which loads its chapter."""

    def __getitem__(self, name: str) -> Function:
        from importlib import import_module

        found: Function = import_module(f"{__name__}.{CHAPTERS[name]}").FUNCTIONS[name]
        return found

    def __contains__(self, name: object) -> bool:
        return name in CHAPTERS

    def __iter__(self) -> Iterator[str]:
        return iter(CHAPTERS)

    def __len__(self) -> int:
        return len(CHAPTERS)


SPRIG: Final[Mapping[str, Function]] = _Chapters()
