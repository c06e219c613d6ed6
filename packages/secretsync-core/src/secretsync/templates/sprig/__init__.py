"""The functions of Sprig 3.3.0: a module for each chapter of its documentation, loaded when a template names one.

A chapter ends in `FUNCTIONS`: names, and what Go's signatures say of them. `env`, `expandenv` and `getHostByName` are
left out: a template has no business with the machine it is rendered on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..functions import Chapters, Function

_CHAPTERS: Final = {
    "dates": (
        "ago date dateInZone date_in_zone dateModify date_modify duration durationRound htmlDate htmlDateInZone"
        " mustDateModify must_date_modify mustToDate now toDate unixEpoch"
    ),
    "encoding": "b32dec b32enc b64dec b64enc",
    "flow_control": "fail",
    "integer_lists": "seq until untilStep",
    "json": "fromJson mustFromJson mustToJson mustToPrettyJson mustToRawJson toJson toPrettyJson toRawJson",
    "regex": (
        "mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit"
        " regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit"
    ),
    "semantic_versions": "semver semverCompare",
    "urls": "urlJoin urlParse",
}
CHAPTERS: Final[Mapping[str, str]] = {name: chapter for chapter, names in _CHAPTERS.items() for name in names.split()}
"""The module of each function."""


SPRIG: Final[Mapping[str, Function]] = Chapters({name: f"{__name__}.{chapter}" for name, chapter in CHAPTERS.items()})
"""All of them; a chapter is loaded when one of its functions is looked up."""
