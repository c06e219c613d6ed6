"""The functions of Sprig 3.3.0: a module for each chapter of its documentation, loaded when a template names one.

A chapter ends in `FUNCTIONS`: names, and what Go's signatures say of them. `env`, `expandenv` and `getHostByName` are
left out: a template has no business with the machine it is rendered on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..functions import Chapters, Function

_CHAPTERS: Final = {
    "certificates": (
        "buildCustomCert genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert"
        " genSignedCertWithKey"
    ),
    "conversion": "atoi float64 int int64 toDecimal toString toStrings",
    "dates": (
        "ago date date_in_zone date_modify dateInZone dateModify duration durationRound htmlDate htmlDateInZone "
        "must_date_modify mustDateModify mustToDate now toDate unixEpoch"
    ),
    "defaults": "all any coalesce default empty ternary",
    "dictionaries": (
        "deepCopy dict dig get hasKey keys merge mergeOverwrite mustDeepCopy mustMerge mustMergeOverwrite omit pick "
        "pluck set unset values"
    ),
    "encoding": "b32dec b32enc b64dec b64enc",
    "encryption": "decryptAES encryptAES",
    "float_math": "add1f addf divf maxf minf mulf subf",
    "flow_control": "fail",
    "hashes": "adler32sum sha1sum sha256sum sha512sum",
    "integer_lists": "seq until untilStep",
    "json": "fromJson mustFromJson mustToJson mustToPrettyJson mustToRawJson toJson toPrettyJson toRawJson",
    "keys": "genPrivateKey",
    "lists": (
        "append chunk compact concat first has initial last list mustAppend mustChunk mustCompact mustFirst mustHas "
        "mustInitial mustLast mustPrepend mustPush mustRest mustReverse mustSlice mustUniq mustWithout prepend push "
        "rest reverse slice tuple uniq without"
    ),
    "math": "add add1 biggest ceil div floor max min mod mul round sub",
    "passwords": "bcrypt derivePassword htpasswd",
    "paths": "base clean dir ext isAbs osBase osClean osDir osExt osIsAbs",
    "random": "randAlpha randAlphaNum randAscii randBytes randInt randNumeric",
    "reflection": "deepEqual kindIs kindOf typeIs typeIsLike typeOf",
    "regex": (
        "mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral "
        "mustRegexSplit regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral "
        "regexSplit"
    ),
    "semantic_versions": "semver semverCompare",
    "string_lists": "join sortAlpha split splitList splitn",
    "strings": (
        "abbrev abbrevboth camelcase cat contains hasPrefix hasSuffix hello indent initials kebabcase lower nindent "
        "nospace plural quote repeat replace shuffle snakecase squote substr swapcase title trim trimAll trimall "
        "trimPrefix trimSuffix trunc untitle upper wrap wrapWith"
    ),
    "urls": "urlJoin urlParse",
    "uuids": "uuidv4",
}
CHAPTERS: Final[Mapping[str, str]] = {name: chapter for chapter, names in _CHAPTERS.items() for name in names.split()}
"""The module of each function."""


SPRIG: Final[Mapping[str, Function]] = Chapters({name: f"{__name__}.{chapter}" for name, chapter in CHAPTERS.items()})
"""All of them; a chapter is loaded when one of its functions is looked up."""
