"""Make the cases of `cases/*.jsonl` and have Go answer them.

    python tests/oracle/generate.py [GROUP ...]

Needs Go, of the version that go.mod names. Each line of a file is a case with what Go made of it: `output`,
`raw_output` (base64 of what is no UTF-8) or `error`. The tests read the files alone.

A group is a function below, or a module of `sprig/` with a function `cases` that yields at least a `text` each, and
perhaps `data`. A case whose answer is by chance, such as a key, has a `shape`: a regular expression of all of the
output or error, which is then not kept. Go's clock stands at 2009-11-10 23:00:00 UTC.
"""

from __future__ import annotations

import base64
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import declaration_cases
import error_cases
import holder_cases
import kmssecret_cases
import nesting_cases
from program import answered, text_of
from random_templates import DATA, Author

HERE = Path(__file__).parent

VALUES: dict[str, Any] = {
    "nil": None,
    "true": True,
    "false": False,
    "zero": 0,
    "int": 42,
    "negative": -7,
    "float": 1.5,
    "zero-float": 0.0,
    "large-float": 1e21,
    "empty": "",
    "string": "text",
    "unicode": "h\u00e9\u2014\U0001f600",
    "markup": '<a href="x">&\'\\=\t\u2028</a>',
    "raw": {"$raw": base64.b64encode(b"a\xffb\xc3").decode()},
    "list": [1, "a", None, [2]],
    "empty-list": [],
    "map": {"b": 1, "a": {"c": None}, "é": "x"},
    "empty-map": {},
    "pair": {"$pair": ["k", [1]]},
}

Cases = Iterator[dict[str, Any]]


def case(text: str, data: Any = None, **more: Any) -> dict[str, Any]:
    return {"text": text, "data": data, **more}


def text_and_trim() -> Cases:
    for text in [
        "",
        "plain",
        "line\nline\n",
        "é{{1}}ü",
        "a {{- 1 -}} b",
        "a\n\t {{- 1 }} b",
        "a {{ 1 -}} \r\n\tb",
        "a {{-1}} b",
        "a {{- -1}} b",
        "{{- 1 -}}",
        "{{1 -}} {{- 2}}",
        "{{1 -}} x {{- 2}}",
        "a{{/* c */}}b",
        "a {{- /* c */ -}} b",
        "a {{/* c */ -}} b",
        "a\n{{- /* c\nd */}} b",
        "{{/* a }} b */}}x",
        "{{ /* c */}}",
        "{{/* c */ }}",
        "{{/* c }}",
        "{{/* c",
        "{{}}",
        "{{ }}",
        "{{",
        "{{ 1",
        "{{ 1\n\n",
        "x\n{{ 1\n",
        "x\n{{ if 1\n",
        "}}",
        "{ {1} }",
        "{{{1}}}",
        "{{1}}}",
        "{{(1}}",
        "{{(1",
        "{{1)}}",
        "{{()}}",
        "{{(1) }}",
        "{{((1))}}",
        "{{ 1 2}}",
        "{{ - 1}}",
        "{{ -}}",
        "{{- }}",
        "{{@}}",
        "{{1 @}}",
        "{{\u00e9}}",
        "{{\u2028}}",
        "{{\x01}}",
        "{{,}}",
        "{{1,2}}",
        "{{:}}",
        "{{:=}}",
        "{{=}}",
        "{{|}}",
        "{{1|}}",
        "{{|1}}",
        "{{1 | 2}}",
        '{{1 | "a"}}',
        "{{1 | .}}",
        "{{1 | true}}",
        "{{1 | nil}}",
        "{{1 | print | 2}}",
        "{{a}}",
        "{{a.b}}",
        "{{printx 1}}",
        "{{.a-b}}",
        "{{$x+2}}",
        "{{.a{{.b}}}}",
        "{{.\u00e9}}",
        "{{.x\u00b2}}",
        "{{x!}}",
        "{{'a}}",
        "{{'",
        '{{"a}}',
        '{{"a\nb"}}',
        "{{`a",
        "{{`a\nb`}}",
        "{{`a\r\nb`}}",
        '{{"\\',
        "{{'\\",
        "{{.}}{{",
        "{{.",
        "{{$",
        "{{.a.",
        "{{.a .}}",
        "{{. a}}",
        "{{%}}",
        "{{1 % 2}}",
        "{{break}}",
        "{{continue}}",
        "{{break 1}}",
        "{{end}}",
        "{{else}}",
        "{{else if 1}}",
        "{{if}}{{end}}",
        "{{with}}{{end}}",
        "{{range}}{{end}}",
        "{{if 1}}",
        "{{if 1}}x{{else}}",
        "{{if 1}}x{{else}}y{{else}}z{{end}}",
        "{{if 1}}x{{else with 1}}y{{end}}{{end}}",
        "{{with 1}}x{{else if 1}}y{{end}}",
        "{{with 1}}x{{else if 1}}y{{end}}{{end}}",
        "{{range 1}}x{{else range 1}}y{{end}}",
        "{{if 1}}x{{end 1}}",
        "{{if 1}}x{{else 1}}y{{end}}",
        "{{if 1 }}\n{{if 2}}\n{{end}}",
        "{{define}}",
        "{{define x}}",
        '{{define "x"}}',
        '{{define "x"}}a{{else}}b{{end}}',
        '{{define "x" 1}}a{{end}}',
        '{{define "x"}}a{{end}}{{define "x"}}b{{end}}',
        '{{define "x"}}a{{end}}{{define "x"}} {{end}}{{template "x"}}',
        '{{define "x"}} {{end}}{{define "x"}}a{{end}}{{template "x"}}',
        '{{if 1}}{{define "x"}}a{{end}}{{end}}',
        '{{define "x"}}{{define "y"}}a{{end}}{{end}}',
        '{{define "\\z"}}a{{end}}',
        "{{define `x`}}a{{end}}{{template `x`}}",
        "{{template}}",
        "{{template x}}",
        '{{template "x" 1 2}}',
        '{{template "x" |}}',
        '{{template "x" }}',
        '{{block "x"}}a{{end}}',
        '{{block "x" .}}a',
        '{{block "x" .}}a{{else}}b{{end}}',
        "{{block}}",
        "{{nil}}",
        "{{nil | print}}",
        "{{print nil}}",
        "{{nil.x}}",
        "{{true.x}}",
        "{{1.x}}",
        '{{"a".x}}',
        "{{(1).x}}",
        "{{..x}}",
        "{{.x..y}}",
        "{{$x}}",
        "{{$x := 1}}{{$x}}",
        "{{$x := 1}}{{$y}}",
        "{{$x = 1}}",
        "{{$x = 1}}{{$x}}",
        "{{$x, $y := 1}}",
        "{{$x,}}",
        "{{range $x, := .}}{{end}}",
        "{{range $x, 1 := .}}{{end}}",
        "{{range $x, $y, $z := .}}{{end}}",
        "{{range $x, $y}}{{end}}",
        "{{range $x,}}{{end}}",
        "{{if $x, $y := 1}}{{end}}",
        "{{if $x := 1}}{{$x}}{{end}}{{$x}}",
        "{{with $x := 1}}{{$x}}{{end}}{{$x}}",
        "{{range $x := 1}}{{end}}{{$x}}",
        "{{$x := }}",
        "{{$x := | 1}}",
        "{{$x := 1 | }}",
        "{{if 1}}{{$x := 1}}{{else}}{{$x}}{{end}}",
        "{{$x := 0}}{{if false}}{{$x := 1}}{{else}}{{$x}}{{end}}",
        "{{($x := 3)}}{{$x}}",
        "{{print ($x := 3) $x}}",
        "{{and true ($x := 3)}}{{$x}}",
        "{{and false ($x := 3)}}{{$x}}",
        "{{$ := 1}}{{$}}",
        "{{$ = 1}}{{$}}{{.}}",
        "{{if false}}{{$ = 1}}{{end}}{{$}}",
    ]:
        yield case(text)
    yield case("<<1>>{{2}}", delimiters=["<<", ">>"])
    yield case("<<- 1 ->> x", delimiters=["<<", ">>"])
    yield case("a <<- 1 ->> x", delimiters=["<<", ">>"])
    yield case("|1|x|2|", delimiters=["|", "|"])
    yield case("${print 1}x", delimiters=["${", "}"])
    yield case("(( (print 1) ))", delimiters=["((", "))"])
    yield case("<</* x */>>y", delimiters=["<<", ">>"])
    yield case("<<.x", delimiters=["<<", ">>"])
    yield case("{{1>>", delimiters=["", ">>"])
    yield case("é\n{{.x.y}}", {"x": 1})
    yield case("é{{.x.y}}", {"x": 1})
    yield case("{{.}}", name="näme %d")
    yield case("{{.x.y}}", {"x": 1}, name='näme "q"')
    for raw in [b"\xff{{1}}", b'{{"\xff"}}', b"{{`\xff`}}", b"{{'\xff'}}", b"{{\xff}}", b"{{.a\xff}}", b"\xc3{{.x.y}}"]:
        yield case("", {"x": 1}, raw=base64.b64encode(raw).decode())


def literals() -> Cases:
    numbers = [
        "0",
        "1",
        "-1",
        "+1",
        "007",
        "08",
        "0o17",
        "0O17",
        "0x1F",
        "0X1f",
        "0b101",
        "0B2",
        "1_000",
        "1__0",
        "_1",
        "1_",
        "0_7",
        "0x_1F",
        "0x1_F",
        "1.5",
        "-1.5",
        ".5",
        "5.",
        "1e3",
        "1E3",
        "1e+3",
        "1e-3",
        "1e",
        "1e1_0",
        "1_0.5",
        "1._5",
        "0x1p4",
        "0x1.8p1",
        "0x1.8",
        "0x.8p1",
        "0xg",
        "0b",
        "0x",
        "1e999",
        "1e21",
        "1e20",
        "1e-5",
        "123456789.0",
        "100000000000000000000.0",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "-0",
        "-0.0",
        "0.1",
        "3.0",
        "1i",
        "0i",
        "1.5i",
        "1+2i",
        "1-2i",
        "1+2",
        "1e3+1i",
        "-1+0i",
        "1x",
        "+",
        "-",
        ".",
        "+.",
        "1.2.3",
        "1..2",
        "07.5",
        "08.5",
        "0e0",
        "1e-400",
    ]
    strings = [
        r'"\a\b\f\n\r\t\v\\\""',
        r'"\'"',
        r'"\x41\xff"',
        r'"\101\377"',
        r'"\400"',
        r'"\8"',
        r'"\u00e9\U0001F600"',
        r'"\ud800"',
        r'"\U00110000"',
        r'"\u12"',
        r'"\q"',
        '"é"',
        '`a\\n"b`',
        '""',
        "``",
        r'"%d"',
        "'a'",
        r"'\n'",
        r"'\''",
        r"'\"'",
        "''",
        "'ab'",
        "'é'",
        r"'\x41'",
        r"'\377'",
        r"'\u00e9'",
        "'\U0001f600'",
        r"'\q'",
    ]
    for literal in [*numbers, *strings, "true", "false", "nil", "."]:
        yield case("{{" + literal + "}}")
    for literal in ["1", "1.5", "1e3", "'a'", "1i", '"s"', "true", "9223372036854775808", "nil", ".", "0x10", "-0"]:
        yield case("{{print " + literal + "}}")
        yield case('{{printf "%T %v" ' + literal + " " + literal + "}}")
        yield case("{{printf " + literal + "}}")
        yield case("{{" + literal + " | printf}}")
        yield case("{{(" + literal + ") | printf}}")
        yield case("{{$x := " + literal + "}}{{$x}}")
        yield case("{{if " + literal + "}}T{{else}}F{{end}}")
        yield case("{{with " + literal + "}}{{.}}{{else}}F{{end}}")
        yield case("{{range " + literal + "}}{{.}}{{else}}F{{end}}")
        yield case("{{" + literal + " 1}}")


def values() -> Cases:
    """Every kind of value in every place."""
    for name, value in VALUES.items():
        data = {"x": value, "l": [value], "y": 1}
        for text in [
            "{{.x}}",
            "{{print .x}}",
            "{{println .x .x}}",
            "{{.x.y}}",
            "{{(.x).y}}",
            "{{$x := .x}}{{$x.y}}",
            "{{if .x}}T{{else}}F{{end}}",
            "{{with .x}}{{.}}{{else}}{{.y}}{{end}}",
            "{{with .x}}{{.y}}{{end}}",
            "{{range .x}}[{{.}}]{{else}}none{{end}}",
            "{{range $e := .x}}[{{$e}}]{{end}}",
            "{{range $k, $e := .x}}[{{$k}}={{$e}}]{{else}}{{$k}}{{$e}}{{end}}",
            "{{range .l}}{{.}}{{.y}}{{end}}",
            "{{range $e := .l}}{{$e.y}}{{end}}",
            "{{range .l}}{{print .}}{{end}}",
            "{{index .l 0}}",
            "{{printf .x}}",
            "{{.x | printf}}",
            "{{$x := .x}}{{printf $x}}",
            "{{range .l}}{{printf .}}{{end}}",
            "{{.x 1}}",
            "{{1 | .x}}",
            "{{.x.y 1}}",
            "{{(.x) 1}}",
            "{{1 | (.x)}}",
            "{{$x := .x}}{{$x 1}}",
            '{{define "t"}}<{{.}}>{{end}}{{template "t" .x}}',
            '{{define "t"}}{{.y}}{{end}}{{template "t" .x}}',
            "{{not .x}}",
            "{{len .x}}",
            "{{.x | len}}",
            "{{html .x}}",
            "{{js .x}}",
            "{{urlquery .x}}",
            "{{html .x 1 .x}}",
            "{{and .x 1}}",
            "{{or .x 1}}",
            "{{.x | and 1}}",
            "{{.x | or 0}}",
            "{{call .x}}",
            "{{.x | call}}",
            "{{index .x}}",
            "{{index .x 0}}",
            '{{index .x "b"}}',
            "{{index .x nil}}",
            "{{index .l .x}}",
            "{{index .x 1 2}}",
            "{{slice .x}}",
            "{{slice .x 1}}",
            "{{slice .x 1 2}}",
            "{{slice .x 0 1 2}}",
            "{{slice .l .x}}",
            "{{slice .x 9}}",
            "{{slice .x 2 1}}",
            "{{slice .x 1 2 3 4}}",
            "{{eq .x}}",
            "{{eq .x nil}}",
        ]:
            yield case(text, data, name=f"v.{name}")


def comparisons() -> Cases:
    for one in VALUES.values():
        for other in VALUES.values():
            yield case("{{eq .a .b}}", {"a": one, "b": other})
            yield case("{{lt .a .b}}", {"a": one, "b": other})
    for name in ["ne", "le", "gt", "ge"]:
        for one, other in [
            (1, 2),
            (2, 2),
            (3, 2),
            ("a", "b"),
            ("b", "b"),
            (1.5, 0.5),
            (1, 1.0),
            (None, 1),
            ([], []),
            (True, True),
        ]:
            yield case("{{" + name + " .a .b}}", {"a": one, "b": other})
    for literal in ['"text"', "42", "1.5", "true", "nil", '"é"']:
        for value in VALUES.values():
            yield case("{{eq .x " + literal + "}}{{if eq " + literal + " .x}}T{{end}}", {"x": value})
    yield case("{{eq 1 2 3 1}}{{eq 1 2 3}}")
    yield case('{{eq 1 1 "a"}}{{eq 1 "a" 1}}')
    yield case("{{eq .missing nil}}{{eq .missing 1}}", {})


def counts() -> Cases:
    """Every built-in with every number of arguments, direct and piped."""
    names = [
        "and",
        "or",
        "not",
        "len",
        "index",
        "slice",
        "print",
        "printf",
        "println",
        "html",
        "js",
        "urlquery",
        "call",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
    ]
    for name in names:
        for count in range(4):
            args = " 1" * count
            yield case("{{" + name + args + "}}")
            yield case("{{2 | " + name + args + "}}")
            yield case("{{print " + name + "}}") if not count else case("{{print (" + name + args + ")}}")


def missing_keys() -> Cases:
    data: dict[str, Any] = {"m": {"a": 1}, "n": None, "l": [{}], "s": "x"}
    for mode in ["default", "invalid", "zero", "error"]:
        for text in [
            "{{.x}}",
            "{{.x.y}}",
            "{{.m.x}}",
            "{{.m.x.y}}",
            "{{.n}}",
            "{{.n.x}}",
            "{{(.x).y}}",
            "{{(.n).y}}",
            "{{$.x}}",
            "{{with .x}}a{{else}}b{{end}}",
            "{{if .x}}a{{else}}b{{end}}",
            "{{range .x}}a{{else}}b{{end}}",
            "{{print .x}}",
            "{{printf .x}}",
            "{{.x | printf}}",
            "{{len .x}}",
            '{{index .m "x"}}',
            "{{index .x 1}}",
            "{{eq .x .n}}",
            "{{range .l}}{{.x}}{{end}}",
            "{{$v := .x}}{{$v}}{{$v.y}}",
            "{{html .x}}",
            "{{or .x 1}}",
            "{{and .x 1}}",
            "{{.s.x}}",
            '{{template "t" .x}}{{define "t"}}{{.}}{{.y}}{{end}}',
            "{{.x.y.z}}",
            "{{not .x}}",
            "{{.x 1}}",
            "{{.m.x 1}}",
            '{{define "t"}}{{.}}{{.y}}{{end}}{{template "t"}}',
            "{{.n.x.y}}",
        ]:
            yield case(text, data, missingkey=mode)
    for text in [
        "{{.}}",
        "{{.x}}",
        "{{$}}",
        "{{$.x}}",
        "{{print .}}",
        "{{range .}}a{{else}}b{{end}}",
        "{{with .}}a{{end}}",
    ]:
        for mode in ["default", "zero", "error"]:
            yield case(text, None, missingkey=mode)


def control() -> Cases:
    data = {"l": [1, 2, 3], "m": {"b": "B", "a": "A"}, "n": [[1, 2], [3]], "t": True, "f": False, "s": "str", "i": 3}
    for text in [
        "{{if .t}}1{{end}}{{if .f}}2{{end}}",
        "{{if .f}}1{{else if .t}}2{{else}}3{{end}}",
        "{{if .f}}1{{else if .f}}2{{else}}3{{end}}",
        '{{if .f}}1{{else if .f}}2{{else if eq .s "str"}}4{{else}}3{{end}}',
        "{{if and .t .s}}1{{end}}",
        "{{$v := 0}}x{{and false ($v = 1)}}{{$v}}{{and true ($v = 2)}}{{$v}}",
        "{{if or .f .s}}1{{end}}",
        "{{if not .f}}1{{end}}",
        "{{if and .t (or .f .t) (not .f)}}1{{end}}",
        "{{and 0 .nope.x.y}}{{or 1 (index .l 9)}}",
        "{{and 1 (index .l 9)}}",
        "{{or 0 (index .l 9)}}",
        "{{and .s.x 1}}",
        "{{or 0 .f .s 1}}",
        "{{and 1 .t .s}}",
        "{{1 | and 0}}{{1 | and 2}}{{1 | or 0}}{{1 | or 2}}",
        "{{with .s}}{{.}}{{$.i}}{{end}}{{.i}}",
        "{{with $x := .s}}{{$x}}{{.}}{{end}}",
        "{{with .f}}1{{else}}{{.s}}{{end}}",
        "{{with .f}}1{{else with .s}}{{.}}{{else}}3{{end}}",
        "{{with .f}}1{{else with .nope}}{{.}}{{else}}{{.s}}{{end}}",
        "{{range .l}}{{.}},{{end}}",
        "{{range $i, $e := .l}}{{$i}}:{{$e}} {{end}}",
        "{{range $e := .l}}{{$e}}{{.}}{{$}}{{end}}",
        "{{range $k, $v := .m}}{{$k}}={{$v}}\n{{end}}",
        "{{range .m}}{{.}}{{end}}",
        "{{range .n}}{{range .}}{{.}}{{end}};{{end}}",
        "{{range $i, $_ := .n}}{{range $j, $e := .}}{{$i}}{{$j}}{{$e}} {{end}}{{end}}",
        "{{range .l}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}",
        "{{range .l}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}}",
        "{{range .n}}{{range .}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}};{{end}}",
        "{{range .n}}{{range .}}{{continue}}{{.}}{{end}};{{break}}{{end}}",
        "{{range .l}}{{with .}}{{if eq . 2}}{{break}}{{end}}{{end}}{{.}}{{end}}",
        "{{range .l}}a{{else}}b{{end}}{{range .nope}}a{{else}}b{{.s}}{{end}}",
        "{{range .l}}{{range $.nope}}{{else}}{{break}}{{end}}x{{end}}",
        "{{range .l}}{{range $.nope}}{{else}}{{continue}}{{end}}x{{end}}",
        "{{range .l}}{{range $.nope}}{{else}}a{{if eq 1 1}}{{break}}{{end}}b{{end}}x{{end}}",
        "{{range .l}}{{range $.nope}}{{else}}{{if eq 1 1}}{{continue}}{{else}}{{break}}{{end}}b{{end}}x{{end}}",
        "{{range .nope}}{{else}}{{break}}{{end}}",
        "{{range 3}}{{.}}{{end}}",
        "{{range $i := 3}}{{$i}}{{end}}",
        "{{range $i, $e := 3}}{{$i}}{{end}}",
        "{{range .i}}{{.}}{{end}}",
        "{{range 0}}a{{else}}b{{end}}{{range -1}}a{{else}}b{{end}}",
        "{{range $i := .i}}{{if $i}},{{end}}{{$i}}{{end}}",
        "{{$x := 1}}{{range .l}}{{$x = .}}{{end}}{{$x}}",
        "{{$x := 1}}{{range .l}}{{$x := .}}{{$x}}{{end}}{{$x}}",
        "{{$x := 1}}{{if .t}}{{$x = 2}}{{end}}{{$x}}",
        "{{$x := 1}}{{if .t}}{{$x := 2}}{{$x}}{{end}}{{$x}}",
        "{{$x := 1}}{{with $x = 2}}{{.}}{{end}}{{$x}}",
        "{{$x := 1}}{{range $x = .l}}{{$x}}{{end}}{{$x}}",
        "{{$x := 1}}{{$y := 2}}{{range $x, $y = .l}}{{$x}}{{$y}}{{end}}{{$x}}{{$y}}",
        "{{$x := 1}}{{range $x = .nope}}{{else}}{{$x}}{{end}}",
        "{{range $i, $e := .nope}}{{else}}{{$i}}{{$e}}{{end}}",
        '{{range $i, $e := ""}}{{end}}',
        "{{range $x, $x := .l}}{{$x}}{{end}}",
        "{{range $x, $y = .l}}{{end}}",
        "{{range $i, $e := .l}}{{$i = 5}}{{$i}}{{$e = 6}}{{$e}}{{end}}",
        "{{range $i, $e := .l}}{{$y := $i}}{{$y}}{{end}}",
        '{{$s := ""}}{{range $k, $v := .m}}{{$s = printf "%s%s=%s;" $s $k $v}}{{end}}{{$s}}',
        "{{$x := .m}}{{$x.a}}{{$x.b}}{{$x.c}}",
        "{{$.m.a}}{{(.m).a}}{{((.m)).a}}",
        "{{(print 1 2).x}}",
        "{{print.x}}",
        '{{.m | print}}{{.m.a | printf "%s-%s" .s}}',
        '{{print (.m.a) (printf "%d" .i) | len}}',
        '{{.s | len | printf "%03d" | printf "%s!"}}',
        "{{print .s | index .l}}",
        "{{1 | index .l}}{{0 | index .l | print}}",
        "{{$x := .s | len}}{{$x}}",
        "{{.l | range}}",
        "{{range .l | len}}{{.}}{{end}}",
        "{{range slice .l 1}}{{.}}{{end}}",
        "{{range .s}}x{{end}}",
        "{{range .t}}x{{end}}",
        "{{range 1.5}}x{{end}}",
        "{{.l.x}}",
        "{{.s.x.y}}",
        "{{.i.x}}",
        "{{$x := .s}}{{$x.y}}",
        '{{index .m "a" | print | len}}',
        "{{index .n 0 1}}{{index .n 1 0}}",
        "{{index .n 1 1}}",
        "{{index .n 0 -1}}",
        "{{index .m 1}}",
        "{{index .m nil}}",
        "{{index .s 1}}",
        "{{index .s 3}}",
        "{{slice .s 1 2}}{{slice .l 1}}",
        '{{printf "%d %s %q %v %5.2f|%-5s|" 1 "a" "b" .l 3.14159 "x"}}',
        '{{printf "%d" .s}}{{printf "%s" 1}}{{printf "%z" 1}}{{printf "%d"}}{{printf "x" 1}}',
        "{{printf .s .i}}",
        '{{println}}{{println .l .s}}{{print 1 2 "a" 3 nil}}',
    ]:
        yield case(text, data)


def named() -> Cases:
    data = {"a": 1, "l": [1, 2], "n": {"n": {"n": None}}}
    for text in [
        '{{define "x"}}<{{.}}>{{end}}{{template "x" .a}}{{template "x"}}',
        '{{template "x" .a}}{{define "x"}}<{{.}}{{$}}>{{end}}',
        '{{define "x"}}{{$.b}}{{end}}{{template "x" .}}',
        '{{define "x"}}{{$v}}{{end}}{{$v := 1}}{{template "x" .}}',
        '{{$v := 1}}{{define "x"}}{{$v}}{{end}}{{template "x" .}}',
        '{{define "x"}}{{with .n}}({{template "x" .}}){{end}}{{end}}{{template "x" .}}',
        '{{template "nope"}}',
        '{{if true}}{{template "nope" .}}{{end}}',
        '{{if false}}{{template "nope" .}}{{end}}ok',
        '{{define "x"}}{{.a.b}}{{end}}a\n{{template "x" .}}',
        '{{define "x"}}\n  {{.a.b}}{{end}}a\n{{template "x" .}}',
        '{{block "x" .a}}[{{.}}]{{end}}{{template "x" 2}}',
        '{{range .l}}{{block "x" .}}[{{.}}]{{end}}{{end}}',
        '{{range .l}}{{block "x" .}}{{break}}{{end}}{{end}}',
        '{{$v := 1}}{{block "x" .}}{{$v}}{{end}}',
        '{{range .l}}{{define "x"}}{{end}}{{end}}',
        '{{define "x"}}a{{end}}{{define "y"}}{{template "x"}}b{{end}}{{template "y"}}',
        '{{template "x" $v := 5}}{{$v}}{{define "x"}}{{.}}{{end}}',
        '{{template "x" .a | printf "%v!"}}{{define "x"}}{{.}}{{end}}',
        '{{define "t"}}self{{end}}',
        '{{define "x y\\n"}}a{{end}}{{template "x y\\n"}}',
        '{{define "x"}}{{if .}}a{{end}}{{end}}{{range .l}}{{template "x" .}}{{end}}',
        '{{template "x" .a.b}}{{define "x"}}{{end}}',
        '{{range .l}}{{template "x" .}}{{end}}{{define "x"}}{{range 2}}{{break}}{{end}}{{.}}{{end}}',
        '{{define "x"}}{{$ = 1}}{{$}}{{.}}{{end}}{{template "x" 2}}',
        '{{template "x"}}{{define "x"}}{{ 1 | print 2 | nope }}{{end}}',
    ]:
        yield case(text, data)
    yield case('{{template "b" .}}', data, more=[["b", "B{{.a}}"]])
    yield case('{{template "b" .}}', data, more=[["b", "B{{.a.b}}"]])
    yield case('{{template "b" .}}{{define "b"}}1{{end}}', data, more=[["b", "2"]])
    yield case('{{template "b" .}}{{define "b"}}1{{end}}', data, more=[["b", " {{/* empty */}} "]])
    yield case('{{template "c" .}}', data, more=[["b", '{{define "c"}}c1{{end}}'], ["d", '{{define "c"}}c2{{end}}']])
    yield case("{{.a}}", data, more=[["b", "{{"]])


def records() -> Cases:
    data: dict[str, Any] = {"p": {"$pair": ["key", {"a": 1}]}, "q": {"$pair": ["key", None]}, "n": "name"}
    for text in [
        "{{.p.Key}}",
        "{{.p.Value.a}}",
        "{{.p.Value.b}}",
        "{{.p.Nope}}",
        "{{.p}}",
        "{{.q}}",
        "{{.q.Value}}",
        "{{.q.Value.x}}",
        "{{.p.Greet .n}}",
        "{{.n | .p.Greet}}",
        "{{.p.Size}}",
        "{{(.p).Key}}",
        "{{$p := .p}}{{$p.Key}}{{$p.Nope}}",
        "{{with .p}}{{.Key}}{{.Size}}{{end}}",
        "{{.p.Key 1}}",
        "{{.p.Nope 1}}",
        "{{.p.Key.x}}",
        "{{range .p}}{{end}}",
        "{{if .p}}T{{end}}",
        "{{.p.Fail}}",
        "{{.p.Greet}}",
        "{{.p.Greet .n .n}}",
        "{{.n | .p.Greet .n}}",
        "{{.p.Greet .q}}",
        "{{.q.Value | .p.Greet}}",
        "{{.p.Size 1}}",
        "{{.p.Greet .n | len}}",
        '{{.p.Size | printf "%d"}}',
        '{{printf "%v %+v %T" .p .p .p}}',
        "{{with .p}}{{.Nope}}{{end}}",
        "{{print .p.Key .p.Size}}",
        '{{(.p.Greet "x") | len}}',
    ]:
        yield case(text, data)


def by_chance() -> Cases:
    author = Author(seed=1)
    for mode in ["default", "default", "zero", "error"]:
        for _ in range(250):
            yield case(author.template(), DATA, missingkey=mode)


GROUPS = [
    by_chance,
    text_and_trim,
    literals,
    values,
    comparisons,
    counts,
    missing_keys,
    control,
    named,
    records,
    error_cases.errors,
    holder_cases.holders,
    declaration_cases.declarations,
    nesting_cases.nesting,
    kmssecret_cases.kmssecret,
]


def groups() -> dict[str, Callable[[], Cases]]:
    """Return the groups of cases by the names of their files: those above, and one for each module of `sprig/`."""
    found = {group.__name__.replace("_", "-"): group for group in GROUPS}
    chapters = sorted(path.stem for path in (HERE / "sprig").glob("*.py"))
    return found | {f"sprig-{name.replace('_', '-')}": chapter(name) for name in chapters}


def chapter(name: str) -> Callable[[], Cases]:
    made: Callable[[], Cases] = importlib.import_module(f"sprig.{name}").cases
    return lambda: ({"functions": "sprig", **one} for one in made())


def told(asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of an answer: not what is by chance, nor errors that ours are not like."""
    if asked.get("functions") == "kmssecret" and "error" in answer:
        return {"error": ""}
    return {} if "shape" in asked else answer


def main() -> None:
    known = groups()
    for name in sys.argv[1:] or known:
        cases = list(known[name]())
        with (HERE / "cases" / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for at, (asked, answer) in enumerate(zip(cases, answered(cases), strict=True)):
                if "shape" in asked and not re.fullmatch(asked["shape"], text_of(answer), re.DOTALL):
                    raise SystemExit(f"{asked['text']}: {text_of(answer)!r} has not the shape {asked['shape']!r}")
                kept = {key: value for key, value in asked.items() if value is not None}
                line = {"id": f"{name}-{at}", **kept, **told(asked, answer)}
                file.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
