"""Templates that nobody wrote: mutations of the golden ones, random text, and such as ask for too much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from time import process_time
from typing import Any, Final, NamedTuple

import golden
from secretsync.templates import LimitExceeded, Limits, TemplateError, parse
from secretsync.templates.kmssecret import KMS_SECRET

LIMITS: Final = Limits(output=2**20, text=2**20, iterations=100_000, items=100_000, depth=50)
DATA: Final[dict[str, Any]] = {
    "s": "str", "e": "", "n": None, "t": True, "i": 3, "fl": 2.5, "l": [1, "b", None, [1]], "m": {"a": 1, "b": {"c": "d"}},
    "u": "h\u00e9\udcff", "aaa": "a" * 5000, "x": {"y": 1}, "a": 1, "p": {"Key": "k"},
}  # fmt: skip
TOKENS: Final = (
    "{{", "}}", "{{-", "-}}", "(", ")", "|", ":=", "=", ",", ".", "$", "$x", '"', "`", "'", "\\", "%", "nil", "true",
    " ", "\n", "\0", "é", "\udcff", "{{end}}", "{{else}}", "{{else if .t}}", "{{if .t}}", "{{range .l}}", "{{with .m}}",
    "{{define `x`}}", "{{template `x` .}}", "{{block `x` .}}", "{{break}}", "{{continue}}", "/*", "*/", "0x", "1e9", "-1",
    "9223372036854775807", "9999999999", "1e308", "printf", "index", "slice", "and", "eq", "%v", "%*d", "%[1]d", "range",
    "upper", "repeat", "list", "dict", "toJson", "regexMatch", "set", "until", "indent", "date", "round", "fail",
)  # fmt: skip
GREEDY: Final = (
    r'{{repeat # "abc"}}',
    r'{{repeat # "abc" | repeat # | repeat #}}',
    r'{{printf "%#d" 1}}',
    r'{{printf "%.#f" 1.5}}',
    r'{{printf "%*d" # 1}}',
    r"{{range #}}x{{end}}",
    r"{{range #}}{{range #}}{{end}}{{end}}",
    r"{{until #}}",
    r"{{untilStep 0 # 1 | len}}",
    r"{{seq #}}",
    r"{{seq 1 2 #}}",
    r'{{indent # "a\nb"}}',
    r'{{nindent # "a"}}',
    r"{{randAlpha #}}",
    r"{{randBytes #}}",
    r'{{wrapWith 1 (repeat 1000 "x") .aaa}}',
    r'{{replace "" .aaa .aaa}}',
    r'{{regexMatch "(a*)*b" .aaa}}',
    r'{{regexReplaceAll "a" .aaa (repeat 2000 "$0")}}',
    r'{{regexMatch "(x{1000}){1000}" .s}}',
    r'{{$m := dict}}{{$_ := set $m "m" $m}}{{$m | toJson}}',
    r'{{$m := dict}}{{$_ := set $m "m" $m}}{{$m}}',
    r'{{$m := dict}}{{$_ := set $m "m" $m}}{{deepCopy $m | len}}',
    r'{{$m := dict "a" 1}}{{$_ := set $m "m" $m}}{{eq $m.m.m $m}}',
    r'{{$m := dict}}{{$n := dict}}{{$_ := set $m "m" $m}}{{$_ = set $n "m" $n}}{{deepEqual $m $n}}{{merge $m $n | len}}',
    r'{{$s := "ab"}}{{range 60}}{{$s = cat $s $s}}{{end}}',
    r'{{$s := "ab"}}{{range 60}}{{$s = replace "a" $s $s}}{{end}}',
    r"{{$l := list 1 2}}{{range 60}}{{$l = concat $l $l}}{{end}}",
    r"{{$l := list 1}}{{range 60}}{{$l = list $l $l}}{{end}}{{$l}}",
    r"{{$l := list 1}}{{range 60}}{{$l = list $l $l}}{{end}}{{toJson $l}}",
    r"{{$l := list 1}}{{range 40}}{{$l = list $l $l}}{{end}}{{deepEqual $l $l}}",
    r"{{$l := list 1}}{{range 40}}{{$l = list $l $l}}{{end}}{{deepCopy $l | len}}",
    r"{{$l := until 90000}}{{range 90000}}{{$x := rest $l}}{{end}}",
    r'{{$s := repeat 900000 "a"}}{{range 90000}}{{$x := sha256sum $s}}{{end}}',
    r'{{$s := repeat 900000 "a"}}{{range 90000}}{{$x := upper $s}}{{end}}',
    r'{{define "x"}}{{if .}}{{template "x" rest .}}{{template "x" rest .}}{{end}}{{end}}{{template "x" until 40}}',
    r"{{range 9}}{{range 9}}{{range 9}}{{range 9}}{{range 9}}{{range 9}}{{end}}{{end}}{{end}}{{end}}{{end}}{{end}}",
    r"{{uniq (until 20000) | len}}",
    r"{{without (until 90000) 1 2 3 | len}}",
    r"{{range until 300}}{{range until 300}}{{.}}{{end}}{{end}}",
    r"{{add1f 1e308 | mulf 1e308}}",
    r'{{mulf "1e99999999" 2}}',
    r'{{addf "1e99999999" "1"}}',
    r'{{divf "1" "1e99999"}}',
    r"{{round 1.5 #}}",
    r'{{toDecimal "#"}}',
    r'{{define "x"}}{{template "x" .}}{{end}}{{template "x" .}}',
    r'{{define "x"}}{{template "x" .}}{{template "x" .}}{{end}}{{template "x" .}}',
    r'{{define "x"}}{{range .}}{{template "x" $}}{{end}}{{end}}{{template "x" (list 1 2)}}',
    r'{{fromJson (repeat 50000 "[")}}',
    r'{{fromJson (cat (repeat 900 "[") (repeat 900 "]")) | toJson}}',
    r'{{splitList "" (repeat 100000 "a") | len}}',
    r'{{semver (repeat 10000 "1.") }}',
    r'{{semverCompare (repeat 10000 ">1 ") "1.2.3"}}',
    r'{{b64dec (repeat 100000 "A")}}',
    r'{{join (repeat 1000 "x") (until 10000)}}',
    r"{{abbrev # .aaa}}",
    r"{{substr 0 # .s}}",
    r"{{trunc # .s}}",
    r"{{slice .l 0 #}}",
    r'{{regexFindAll "" .aaa #}}',
    r'{{regexSplit "" .aaa #}}',
    r"{{chunk # .l}}",
    r"{{chunk 1 (until 50000) | len}}",
    r'{{toDate (repeat 20000 "2006") .s}}',
    r'{{now | date (repeat 50000 "January ") | len}}',
    r'{{durationRound "#h"}}',
    r'{{date "2006" #}}',
    r'{{plural "a" "b" #}}',
    r'{{dig "a" "b" "c" 1 .m}}',
    r'{{urlParse (repeat 10000 "a:")}}',
    r"{{quote # .aaa .aaa}}",
    r'{{derivePassword # "long" "p" "u" "s"}}',
    r'{{printf (repeat 10000 "%v") 1}}',
    r'{{html (repeat 300000 "<")}}',
    r'{{js (repeat 300000 "<")}}',
    r'{{urlquery (repeat 300000 "<")}}',
    r"{{slice .aaa #}}",
    r"{{index .l #}}",
    r'{{toYaml (fromYaml (repeat 5000 "- "))}}',
    r'{{fromYaml (print "a: " (repeat 50000 "["))}}',
    r'{{fromYaml (print "a: &a [" (repeat 30000 "*a,") "1]")}}',
    r'{{fromYaml (print "a: &a 1\nb: [" (repeat 30000 "*a,") "1]") | toYaml | len}}',
    r"{{$l := list 1}}{{range 60}}{{$l = list $l $l}}{{end}}{{toYaml $l}}",
    r'{{$m := dict}}{{$_ := set $m "m" $m}}{{toYaml $m}}',
    r'{{toYaml (repeat # "a\n")}}',
    r'{{decodeBase64ToBytes (repeat 100000 "A")}}',
    r'{{jwkPrivateKeyPem (repeat # "{")}}',
    r'{{filterPEM "X" (repeat 20000 "-----BEGIN X-----\n")}}',
    r'{{filterPEM "X" (repeat # "-----BEGIN X-----\nYQ==\n-----END X-----\n")}}',
    r'{{filterPEM "X" (print "-----BEGIN X-----\n" (repeat 200000 "a:b\n"))}}',
    r'{{filterPEM "X" (repeat 50000 "-----BEGIN a:-----\n")}}',
    r'{{filterPEM "X" (print "-----BEGIN X-----\n" (repeat 500000 "A"))}}',
    r'{{filterPEM "X" (print "-----BEGIN X" (repeat 200000 "----- "))}}',
    r'{{pkcs12key (repeat 1000 "\x30\x80")}}',
)
"""Such as ask for too much; `#` is the place of a number."""
NUMBERS: Final = (-(2**63), -1, 0, 1, 50, 3000, 1_000_000, 10**9, 2**31, 2**63 - 1, 10**19)


class Verdict(NamedTuple):
    """What became of a template.

    Attributes:
        parsed: Whether it was one; None of what nests deeper than it may, and so was not read to its end.
        refusal: What the parser said of what is no template.
        escaped: An error that is not ours, if there was one.
        seconds: What it took of processor time.
    """

    parsed: bool | None
    refusal: str
    escaped: str | None
    seconds: float


@cache
def corpus() -> Sequence[str]:
    """Return the texts that mutations begin with."""
    return sorted({case["text"] for case in golden.cases("cases") if case["text"]})


def mutated(chance: Random) -> str:
    """Return a golden template, changed here and there."""
    text = chance.choice(corpus())
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        text = chance.choice(_MUTATIONS)(chance, text)
    return text


def _span(chance: Random, text: str) -> tuple[int, int]:
    begin = chance.randint(0, len(text))
    return begin, min(len(text), begin + chance.choice([0, 1, 1, 2, 5, 20]))


def _cut(chance: Random, text: str) -> str:
    begin, end = _span(chance, text)
    return text[:begin] + text[end:]


def _insert(chance: Random, text: str) -> str:
    begin, end = _span(chance, text)
    return text[:begin] + chance.choice(TOKENS) + text[chance.choice([begin, end]) :]


def _repeat(chance: Random, text: str) -> str:
    begin, end = _span(chance, text)
    return text[:begin] + text[begin:end] * chance.choice([2, 3, 200]) + text[end:]


def _splice(chance: Random, text: str) -> str:
    other = chance.choice(corpus())
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _nest(chance: Random, text: str) -> str:
    count = chance.choice([1, 2, 10, 150])
    before, after = chance.choice([("{{if .t}}", "{{end}}"), ("{{range .l}}", "{{end}}"), ("{{with .m}}", "{{end}}")])
    return before * count + text + after * count


_MUTATIONS: Final[Sequence[Callable[[Random, str], str]]] = (_cut, _insert, _insert, _repeat, _splice, _nest)


def noise(chance: Random) -> str:
    """Return random tokens, or random bytes between braces."""
    if chance.random() < 0.5:
        return "".join(chance.choices(TOKENS, k=chance.randint(1, 40)))
    raw = chance.randbytes(chance.randint(1, 60)).decode("utf-8", "surrogateescape")
    return "{{" + raw + "}}"


def greedy(chance: Random) -> str:
    """Return a template that asks for too much."""
    return chance.choice(GREEDY).replace("#", str(chance.choice(NUMBERS)))


def written(chance: Random) -> str:
    """Return a hostile template of any sort."""
    return chance.choices([mutated, noise, greedy], [7, 2, 1])[0](chance)


def tried(text: str) -> Verdict:
    """Parse and render a template."""
    parsed: bool | None = False
    began, escaped, refusal = process_time(), None, ""
    try:
        template = parse("t", text, dialect=KMS_SECRET, limits=LIMITS)
        parsed = True
        template.render(golden.value(DATA), sources=golden.SOURCES)
    except LimitExceeded:
        parsed = parsed or None
    except TemplateError as error:
        parsed = parsed or (None if "max expression depth" in str(error) else False)
        refusal = "" if parsed else golden.SUGGESTION.sub("", str(error))
    except Exception as error:  # noqa: BLE001  # this is what is looked for
        escaped = f"{type(error).__name__}: {error}"
    return Verdict(parsed, refusal, escaped, process_time() - began)
