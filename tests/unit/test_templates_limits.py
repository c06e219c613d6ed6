"""What a hostile template may have: bounds that end the run, and nothing of Python."""

import re
import sys
import time
from contextlib import suppress
from typing import Any

import pytest

from secretsync.templates import GO_SPRIG, Function, LimitExceeded, Limits, Record, TemplateError, parse


def refused(source: str, data: object = None, *, functions: Any = None, **limits: int) -> str:
    """Return the limit that ends the run."""
    template = parse("t", source, functions=functions, limits=Limits(**limits))
    with pytest.raises(LimitExceeded) as caught:
        template.render(data)
    return caught.value.limit


def test_the_output_is_bounded() -> None:
    assert refused("{{range 3}}{{$.text}}{{end}}", {"text": "x" * 40}, output=100) == "output"
    assert parse("t", "{{.}}", limits=Limits(output=100)).render("x" * 100) == "x" * 100


@pytest.mark.parametrize(
    ("size", "times", "output", "most"),
    [
        pytest.param(1000, 1_000_000, 100_000, 5000, id="many pieces, now and then"),
        pytest.param(100_000, 900, 1_000_000, 50, id="large ones as they are printed"),
    ],
)
def test_the_output_is_measured_while_it_grows(size: int, times: int, output: int, most: int) -> None:
    made: list[int] = []

    def piece() -> str:
        made.append(1)
        return "x" * size

    grow = {"grow": Function(piece, gives="string")}
    text = f"{{{{range {times}}}}}{{{{grow}}}}{{{{end}}}}"
    assert refused(text, functions=grow, output=output) == "output"
    assert len(made) < most


def test_nested_short_loops_are_measured() -> None:
    made: list[int] = []

    def piece() -> str:
        made.append(1)
        return "x" * 1000

    grow = {"grow": Function(piece, gives="string")}
    text = "{{range 1000}}{{range 1000}}{{grow}}{{end}}{{end}}"
    assert refused(text, functions=grow, output=100_000, iterations=10_000_000) == "output"
    assert len(made) < 5000


def test_one_text_is_bounded() -> None:
    doubling = '{{$s := "ab"}}{{range 60}}{{$s = printf "%s%s" $s $s}}{{end}}'
    assert refused(doubling, text=1_000_000) == "text"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('x{{printf "%100000d" 1}}', '1:3: executing "t" at <printf "%100000d" 1>'),
        ('{{print (printf "%100000d" 1) 2}}', '1:9: executing "t" at <printf "%100000d" 1>'),
        ('{{repeat 100000 "ab" | len}}', '1:2: executing "t" at <repeat 100000 "ab">'),
        ("{{range 5}}{{range 200}}{{end}}{{end}}", '1:19: executing "t" at <200>'),
    ],
)
def test_what_asks_for_too_much_is_named(text: str, at: str) -> None:
    template = parse("t", text, dialect=GO_SPRIG, limits=Limits(text=90_000, iterations=300))
    with pytest.raises(LimitExceeded) as caught:
        template.render()
    assert str(caught.value).startswith(f"template: t:{at}: ")


def test_turns_of_loops_are_bounded() -> None:
    assert refused("{{range 1001}}{{end}}", iterations=1000) == "iterations"
    assert refused("{{range 100}}{{range 11}}{{end}}{{end}}", iterations=1000) == "iterations"
    assert parse("t", "{{range 1000}}{{end}}", limits=Limits(iterations=1000)).render() == ""


TEXT = '{{$s := repeat 1000000 "a"}}'
LIST = "{{$l := until 1000000}}"
PRODUCTS = {
    "loops": "{{range 20}}" * 6 + "{{end}}" * 6,
    "templates": "".join(
        f'{{{{define "t{n}"}}}}{{{{template "t{n + 1}"}}}}{{{{template "t{n + 1}"}}}}{{{{end}}}}' for n in range(40)
    )
    + '{{define "t40"}}{{end}}{{template "t0"}}',
    "recursion": '{{define "again"}}{{if .}}{{template "again" rest .}}{{template "again" rest .}}{{end}}{{end}}'
    '{{template "again" until 60}}',
    "loops in templates": '{{define "again"}}{{if .}}{{range 9}}{{template "again" rest $}}{{end}}{{end}}{{end}}'
    '{{template "again" until 60}}',
    "long bodies": "{{range 900000}}" + "{{print 1 2}}" * 600 + "{{end}}",
    "texts that are read": TEXT + "{{range 900000}}{{$x := sha256sum $s}}{{end}}",
    "texts by their end": TEXT + '{{range 900000}}{{$x := hasSuffix "b" $s}}{{end}}',
    "texts of another alphabet": '{{$s := repeat 1000000 "é"}}{{range 900000}}{{$x := len $s}}{{end}}',
    "texts that are compared": TEXT + '{{$t := print $s ""}}{{range 900000}}{{$x := eq $s $t}}{{end}}',
    "texts that are deeply compared": TEXT + '{{$t := print $s ""}}{{range 900000}}{{$x := deepEqual $s $t}}{{end}}',
    "texts that are made": '{{range 900000}}{{$x := repeat 60000 "a"}}{{end}}',
    "texts in a list": '{{$l := list}}{{range 9000}}{{$l = append $l (repeat 4000000 "a")}}{{end}}',
    "escapes": TEXT + "{{range 900000}}{{$x := urlquery $s | len}}{{end}}",
    "lists that are copied": LIST + "{{range 900000}}{{$x := rest $l}}{{end}}",
    "lists in a list": "{{$l := list}}{{range 9000}}{{$l = append $l (until 300000)}}{{end}}",
    "parts of lists": LIST + "{{range 900000}}{{$x := slice $l 1}}{{end}}",
    "lists in chunks": LIST + "{{range 900000}}{{$x := chunk 900000 $l}}{{end}}",
    "lists that are joined": '{{$l := splitList "," (repeat 900000 ",")}}{{range 900000}}{{$x := join "" $l}}{{end}}',
    "lists of nothing": '{{$l := splitList "," (repeat 900000 ",")}}{{range 900000}}{{$x := compact $l}}{{end}}',
    "lists together": LIST + "{{range 900000}}{{$x := concat $l}}{{end}}",
}


@pytest.mark.parametrize("text", PRODUCTS.values(), ids=PRODUCTS)
def test_what_takes_long_is_bounded_over_the_whole_run(text: str) -> None:
    template = parse("t", text, dialect=GO_SPRIG)
    began = time.process_time()
    with pytest.raises(LimitExceeded) as caught:
        template.render()
    assert caught.value.limit == "iterations"
    assert time.process_time() - began < 20


def test_what_is_large_once_is_within_the_limits() -> None:
    text = "{{$s := .}}{{range 20}}{{$x := $s | b64enc | sha256sum}}{{end}}{{len $s}}"
    assert parse("t", text, dialect=GO_SPRIG).render("x" * 500_000) == "500000"
    text = "{{$l := list}}{{range 3000}}{{$l = append $l .}}{{end}}{{range $l}}{{index $l .}}\n{{end}}"
    assert parse("t", text, dialect=GO_SPRIG).render().count("\n") == 3000


def test_depth_is_bounded_and_says_so_as_go_does() -> None:
    endless = parse("t", '{{define "x"}}{{template "x" .}}{{end}}{{template "x" .}}', limits=Limits(depth=7))
    with pytest.raises(LimitExceeded) as caught:
        endless.render()
    assert caught.value.limit == "depth"
    where = 'template: t:1:25: executing "x" at <{{template "x" .}}>: '
    assert str(caught.value) == f"{where}exceeded maximum template depth (7)"


def test_a_depth_that_python_has_not_is_refused_too() -> None:
    assert refused('{{define "x"}}{{template "x" .}}{{end}}{{template "x" .}}', depth=1_000_000) == "depth"


@pytest.mark.parametrize("block", ["if .", "range .", "with ."])
def test_blocks_nested_too_deeply_are_refused(block: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        parse("t", f"{{{{{block}}}}}" * 151 + "{{end}}" * 151)
    assert caught.value.limit == "nesting"


def test_a_name_that_may_stand_for_too_many_declarations_is_refused() -> None:
    text = "{{and . ($v := 1)}}"
    assert parse("t", text * 32 + "{{$v}}").render("x") == "1" * 33
    with pytest.raises(LimitExceeded) as caught:
        parse("t", text * 33 + "{{$v}}")
    assert caught.value.limit == "nesting"


@pytest.mark.parametrize("block", ["if .", "range .", "with ."])
def test_blocks_nest_a_hundred_and_fifty_deep(block: str) -> None:
    assert parse("t", f"{{{{{block}}}}}" * 150 + "{{end}}" * 150).render() == ""


def test_a_deep_stack_does_not_make_templates_fail_otherwise() -> None:
    """Whoever calls may have used most of Python's stack."""

    def deeper(left: int) -> str:
        if left:
            return deeper(left - 1)
        with pytest.raises(TemplateError) as caught:
            parse("t", "{{if .}}" * 150 + "{{end}}" * 150)
        return str(caught.value)

    assert re.search("too deeply|max expression depth", deeper(sys.getrecursionlimit() - 400))


def test_parentheses_nest_a_hundred_deep() -> None:
    assert parse("t", "{{" + "(" * 100 + "1" + ")" * 100 + "}}").render() == "1"
    with pytest.raises(TemplateError, match="template: t:1: max expression depth exceeded"):
        parse("t", "{{" + "(" * 101 + "1" + ")" * 101 + "}}")


def test_parentheses_nested_too_deeply_are_no_template() -> None:
    with pytest.raises(TemplateError, match="template: t:1: max expression depth exceeded"):
        parse("t", "{{" + "(" * 5000 + "1" + ")" * 5000 + "}}")


@pytest.mark.parametrize("count", [9, 10, 11, 200])
def test_many_else_ifs_are_not_too_deep(count: int) -> None:
    chain = "".join(f'{{{{else if eq . "{n}" "x{n}"}}}}{{{{.}}}}' for n in range(1, count))
    template = parse("t", '{{range .}}{{$d := .}}[{{if eq . "0"}}zero' + chain + "{{else}}{{$d}}?{{end}}]{{end}}")
    last = f"x{count - 1}"
    assert template.render(["0", "5", last, str(count), "x1"]) == f"[zero][5][{last}][{count}?][x1]"


def test_many_else_withs_have_the_outer_cursor() -> None:
    chain = "".join(f"{{{{else with .k{n}}}}}{{{{.}}}}" for n in range(30))
    template = parse("t", "{{with $x := .none}}{{else with .nope}}" + chain + "{{else}}{{.last}}{{$x}}{{end}}")
    assert template.render({"k29": "z"}) == "z"
    assert template.render({"last": "l"}) == "l<no value>"


NAMES = ["__class__", "__init__", "__globals__", "format", "keys", "items", "get", "append", "fields", "methods"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [{}, [], "text", 1, 1.5, True, None, Record("R", {})], ids=repr)
def test_no_attribute_of_python_is_within_reach(name: str, value: object) -> None:
    for text in (f"{{{{.{name}}}}}", f"{{{{$.{name}}}}}", f"{{{{.{name} 1}}}}", f"{{{{(.).{name}.x}}}}"):
        with suppress(TemplateError):
            assert parse("t", text).render(value) == "<no value>"


@pytest.mark.parametrize(
    "text",
    [
        '{{"\\"; import os; \\""}}',
        "{{`'''\n\"\"\" {x} \\N{BULLET}`}}",
        "{}{x!r}%s%%{{.x}}\\",
        '{{define "a\\nb: import os"}}{{"'.replace('{{"', "") + '}{x}{{end}}{{template "a\\nb: import os"}}',
        '{{index . "__builtins__"}}',
    ],
)
def test_what_a_template_says_is_never_python(text: str) -> None:
    template = parse("a'b\"\n{x}", text)
    source = template._set.program.source
    assert "import" not in source
    assert "'" not in source
    template.render({"x": 1})


def test_what_is_no_value_of_a_template_is_not_printed() -> None:
    with pytest.raises(TypeError, match="a object is no value of a template"):
        parse("t", "{{.}}").render(object())
