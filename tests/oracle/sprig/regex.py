r"""Cases for Sprig's functions of regular expressions.

Not among them is what RE2 and Go do not agree on: `(?<=a)`, which both refuse in other words, and `a{999999999}`, which
RE2 takes literally and Go refuses.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

RAW = {"$raw": base64.b64encode(b"a\xffb\xc3\xe2\x82c").decode()}
PATTERNS = [
    "",
    "a",
    "a*",
    "a+?",
    "(a)(b)?",
    "(?P<first>a+)(?P<second>b*)",
    "x*",
    "$",
    "^",
    r"\b",
    r"(?m)^\w+$",
    "[^a]",
    "(?i)A",
    "(?s).",
    ".",
    r"\d{2,3}",
    r"[[:alpha:]]+",
    r"\pL+",
    "\u00e9|\U0001f600",
    r"\x{FFFD}",
    "a|ab",
    "(|a)+",
    r"\s*,\s*",
    r"\Q.C\E",
    r"\B",
    r"x|\B",
]
TEXTS: list[Any] = [
    "",
    "a",
    "aab",
    "baaac ab",
    "12 123 1234",
    "line one\nline two\n",
    "h\u00e9llo \U0001f600 w\u00f6rld",
    "x, y ,z,, ,",
    RAW,
    "AaBb.C",
]
WRONG = [
    "(",
    ")",
    "[",
    "[a",
    "[z-a]",
    "[[:foo:]]",
    "a**",
    "a{2}{3}",
    "*a",
    "a{1001}",
    "(a{100}){100}",
    "\\",
    r"\y",
    r"\C",
    r"a\\\C",
    r"\Z",
    r"\pX",
    "(?P<n",
    "(?P=n)",
    "(?=a)",
    "(?!a)",
    "(?z)",
    "(?i",
    r"\x{110000}",
    r"\1",
    "a{2,1}",
    "a++",
    "a???",
    r"[a-\d]",
    "[^]",
    "(?P<>a)",
    "a|*",
    RAW,
    "c4n4ry(",
]
REPLACEMENTS: list[Any] = [
    "",
    "-",
    "$0",
    "$1",
    "${1}x",
    "$1x",
    "$2$1",
    "$first-$second",
    "${first}_${nope}",
    "$$1",
    "$",
    "a$",
    "$$",
    "$$$",
    "${",
    "${}",
    "${1",
    "$-",
    "$01",
    "$9",
    "$123456789012",
    "\\1 \\0",
    "<$\u00e9>",
    RAW,
]


def cases() -> Iterator[dict[str, Any]]:
    for pattern in PATTERNS:
        for text in TEXTS:
            data = {"p": pattern, "t": text}
            yield {"text": "{{regexMatch .p .t}} {{mustRegexMatch .p .t}}", "data": data}
            yield {"text": "{{regexFind .p .t}}|{{mustRegexFind .p .t}}", "data": data}
            yield {"text": '{{regexFindAll .p .t -1 | printf "%q"}}', "data": data}
            yield {"text": '{{regexSplit .p .t -1 | printf "%q"}}', "data": data}
            yield {"text": '{{regexReplaceAll .p .t "<$0>"}}', "data": data}
            yield {"text": '{{mustRegexReplaceAllLiteral .p .t "<$0>"}}', "data": data}
    for replacement in REPLACEMENTS:
        for pattern in ["(?P<first>a+)(?P<second>b*)", "(a)|(b)", "x*"]:
            data = {"p": pattern, "r": replacement}
            yield {"text": '{{regexReplaceAll .p "baab-a" .r}}', "data": data}
            yield {"text": '{{mustRegexReplaceAll .p "baab-a" .r}}', "data": data}
            yield {"text": '{{regexReplaceAllLiteral .p "baab-a" .r}}', "data": data}
    for refused in WRONG:
        wrong = {"p": refused, "t": "a"}
        for asked in [
            "{{regexMatch .p .t}}",
            "{{mustRegexMatch .p .t}}",
            "{{regexFind .p .t}}",
            "{{mustRegexFind .p .t}}",
            "{{regexFindAll .p .t 1}}",
            "{{mustRegexFindAll .p .t 1}}",
            "{{regexReplaceAll .p .t .t}}",
            "{{mustRegexReplaceAll .p .t .t}}",
            "{{regexReplaceAllLiteral .p .t .t}}",
            "{{mustRegexReplaceAllLiteral .p .t .t}}",
            "{{regexSplit .p .t 1}}",
            "{{mustRegexSplit .p .t 1}}",
        ]:
            yield {"text": asked, "data": wrong}
    for pattern in ["a", "a*", ",", "", "$", "(b)?"]:
        for count in [-2, -1, 0, 1, 2, 3, 10]:
            data = {"p": pattern, "n": count, "t": "a,ba,,ab"}
            yield {"text": '{{regexFindAll .p .t .n | printf "%q"}}', "data": data}
            yield {"text": '{{mustRegexFindAll .p .t .n | printf "%q"}}', "data": data}
            yield {"text": '{{regexSplit .p .t .n | printf "%q"}}', "data": data}
            yield {"text": '{{mustRegexSplit .p .t .n | printf "%q"}}', "data": data}
            yield {"text": '{{regexSplit .p "" .n | toJson}} {{regexFindAll .p "xyz" .n | toJson}}', "data": data}
    for text in [*TEXTS, r"\.+*?()|[]{}^$", "-/#&~\n", "a.b*c"]:
        yield {"text": "{{regexQuoteMeta .}} {{regexMatch (regexQuoteMeta .) .}}", "data": text}
    yield from calls()


def calls() -> Iterator[dict[str, Any]]:
    for name in ["regexMatch", "mustRegexMatch", "regexFind", "mustRegexFind"]:
        for arguments in ["", '"a"', '"a" 1', '1 "a"', "nil nil", '.x "a"', '"a" "b" "c"', '"a" .n']:
            yield {"text": f"{{{{{name} {arguments}}}}}", "data": {"n": 1}}
    for name in ["regexFindAll", "mustRegexFindAll", "regexSplit", "mustRegexSplit"]:
        for arguments in ["", '"a" "b"', '"a" "b" "c"', '"a" "b" 1.5', '"a" "b" nil', '"a" "b" .n', "1 2 3"]:
            yield {"text": f"{{{{{name} {arguments}}}}}", "data": {"n": "1"}}
    for name in ["regexReplaceAll", "mustRegexReplaceAll", "regexReplaceAllLiteral", "mustRegexReplaceAllLiteral"]:
        for arguments in ["", '"a" "b"', '"a" "b" 1', '"a" nil "c"', '"a" "b" .n', "1 2 3", '"a" "b" "c" "d"']:
            yield {"text": f"{{{{{name} {arguments}}}}}", "data": {"n": 1}}
    for arguments in ["", "1", "nil", '"a" "b"']:
        yield {"text": f"{{{{regexQuoteMeta {arguments}}}}}"}
    for text in [
        '{{"a-b" | regexMatch "^[a-z]-[a-z]$"}}',
        '{{range regexFindAll "[a-z]" "a1b2" -1}}{{.}};{{end}}',
        '{{range $i, $x := regexSplit "-" "a-b-c" -1}}{{$i}}{{$x}};{{end}}',
        '{{index (regexSplit "-" "a-b-c" -1) 1}}',
        '{{with regexFind "x" "a"}}T{{else}}F{{end}}',
        '{{if regexFindAll "x" "a" -1}}T{{else}}F{{end}}',
        '{{printf "%T %T" (regexFindAll "x" "a" -1) (regexSplit "x" "a" -1)}}',
        '{{len (regexFindAll "a" "aaa" 2)}}',
        '{{eq (regexFind "a+" "baa") "aa"}}',
        '{{regexReplaceAll "(\\\\w+)@(\\\\w+)" "me@home you@work" "${2}: $1" | printf "%s!"}}',
    ]:
        yield {"text": text}
