"""Sprig's functions: where they are, what they load, what they may ask for, and where time and chance come from."""

import json
import subprocess
import sys
from types import MappingProxyType

import pytest

from secretsync.templates import (
    GO_SPRIG,
    SYSTEM,
    ExecutionError,
    Function,
    LimitExceeded,
    Limits,
    ParseError,
    Record,
    Sources,
    parse,
)
from secretsync.templates.runtime import Run
from secretsync.templates.sprig import CHAPTERS, SPRIG


def test_every_function_is_in_its_chapter() -> None:
    assert {name for name in CHAPTERS if isinstance(SPRIG[name], Function)} == set(CHAPTERS)


def test_a_chapter_loads_when_a_template_names_it() -> None:
    program = f"""
import json, sys
sys.path[:] = {sys.path!r}
from secretsync.templates import GO_SPRIG, parse
before = [name for name in sys.modules if "templates.sprig." in name]
parse("t", "{{{{empty 3}}}}", dialect=GO_SPRIG)
print(json.dumps([before, [name for name in sys.modules if "templates.sprig." in name]]))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout) == [[], ["secretsync.templates.sprig.defaults"]]


def test_an_unknown_function_is_told_the_nearest_one() -> None:
    with pytest.raises(ParseError, match='function "untill" not defined; did you mean "until"'):
        parse("t", "{{untill 3}}", dialect=GO_SPRIG)


@pytest.mark.parametrize("name", ["env", "expandenv", "getHostByName"])
def test_what_looks_at_the_machine_is_left_out(name: str) -> None:
    with pytest.raises(ParseError, match=f'function "{name}" not defined'):
        parse("t", f'{{{{{name} "HOME"}}}}', dialect=GO_SPRIG)


def test_added_functions_replace_those_of_a_dialect() -> None:
    mine = GO_SPRIG.with_functions({"until": Function(lambda _: "mine", ("int",))})
    assert parse("t", "{{until 3}} {{seq 2}}", dialect=mine).render() == "mine 1 2"


HUGE = "{{untilStep 9223372036854775807 -9223372036854775808 -1}}"


@pytest.mark.parametrize("text", ["{{until 1001}}", "{{untilStep 0 2002 2}}", "{{seq 1001}}", "{{until -1001}}", HUGE])
def test_a_list_of_too_many_elements_is_refused(text: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        parse("t", text, dialect=GO_SPRIG, limits=Limits(items=1000)).render()
    assert caught.value.limit == "items"


def test_time_and_chance_come_from_the_sources_of_the_rendering() -> None:
    def shown(run: Run) -> str:
        return f"{run.sources.now()} {run.sources.random(2).hex()}"

    template = parse("t", "{{shown}}", functions={"shown": Function(shown, gives="string", needs_run=True)})
    assert template.render(sources=Sources(now=lambda: 7, random=lambda count: b"\x01" * count)) == "7 0101"
    assert template.render() != template.render()


def test_what_fail_says_is_not_shown() -> None:
    with pytest.raises(ExecutionError, match=r"at <fail \.>: error calling fail: \[redacted\]") as caught:
        parse("t", "{{fail .}}", dialect=GO_SPRIG).render("c4n4ry")
    assert "c4n4ry" not in str(caught.value)


def limit_of(source: str, data: object = None, **limits: int) -> str:
    with pytest.raises(LimitExceeded) as caught:
        parse("t", source, dialect=GO_SPRIG, limits=Limits(**limits)).render(data)
    return caught.value.limit


@pytest.mark.parametrize(
    "text",
    [
        "{{repeat 1001 `a`}}",
        "{{indent 1000 `a`}}",
        "{{replace `a` .b `aaaaaaaaaaa`}}",
        "{{replace `` .b `aaaaaaaaaa`}}",
        "{{replace `é` .b `ééééééééééé`}}",
        "{{join .b (until 20)}}",
        "{{wrapWith 1 .b `aaaaaaaaaaaa`}}",
    ],
)
def test_a_text_that_would_be_too_long_is_never_made(text: str) -> None:
    assert limit_of(text, {"b": "b" * 100}, text=1000) == "text"


@pytest.mark.parametrize(
    "text",
    [
        "{{splitList `a` .}}",
        "{{split `` .}}",
        "{{splitn `é` 2 .}}",
        "{{concat (until 6) (until 6)}}",
        "{{append (until 10) 1}}",
        "{{prepend (until 10) 1}}",
    ],
)
def test_a_list_that_would_be_too_long_is_never_made(text: str) -> None:
    assert limit_of(text, "a" * 20 + "é" * 11, items=10) == "items"


NESTED = "{{$l := list 1}}{{range 40}}{{$l = list $l $l}}{{end}}"


@pytest.mark.parametrize(
    "text",
    [
        "{{uniq (until 100)}}",
        "{{without (until 200) 1}}",
        "{{shuffle (repeat 200 `a`)}}",
        "{{snakecase (repeat 100 `a`)}}",
        "{{wrap 1 (repeat 200 `a`)}}",
        NESTED + "{{deepCopy $l}}",
        "{{$a := list 1}}{{$b := list 1}}{{range 40}}{{$a = list $a $a}}{{$b = list $b $b}}{{end}}{{deepEqual $a $b}}",
        "{{$a := dict}}{{$b := dict}}{{range 40}}{{$a = dict 1 $a 2 $a}}{{$b = dict 1 $b 2 $b}}{{end}}{{merge $a $b}}",
    ],
)
def test_functions_that_go_through_everything_spend_turns(text: str) -> None:
    assert limit_of(text, iterations=150) == "iterations"


@pytest.mark.parametrize("text", ["{{$l}}", "{{print $l}}", "{{printf `%d` $l}}", "{{toJson $l}}", "{{toString $l}}"])
def test_a_value_that_unfolds_to_too_many_parts_is_never_written(text: str) -> None:
    assert limit_of(NESTED + text) == "text"


def test_shuffle_takes_its_chance_from_the_sources() -> None:
    template = parse("t", "{{shuffle .}}", dialect=GO_SPRIG)
    assert template.render("abcd", sources=Sources(now=lambda: 0, random=bytes)) == "bcda"
    assert sorted(template.render("abcd")) == ["a", "b", "c", "d"]


def test_numbers_by_chance_favour_none() -> None:
    words = iter([b"\xff" * 8, b"\xff" * 7 + b"\xfe", (7).to_bytes(8, "big")])
    assert Sources(now=lambda: 0, random=lambda _: next(words)).below(3) == (2**64 - 2) % 3
    assert next(words) == (7).to_bytes(8, "big")
    assert {SYSTEM.below(3) for _ in range(200)} == {0, 1, 2}


@pytest.mark.parametrize("name", ["int", "int64", "float64", "atoi", "toDecimal", "add1", "addf", "floor"])
def test_a_text_of_very_many_digits_is_a_number_like_any_other(name: str) -> None:
    template = parse("t", f"{{{{{name} .}}}}", dialect=GO_SPRIG)
    assert template.render("9" * 100_000) in ("0", "1", "9223372036854775807")


def test_what_set_changes_was_printed_before() -> None:
    template = parse("t", "{{.d}}{{$_ := set .d `a` 2}}{{.d}}{{$_ := unset .d `a`}}{{.d}}", dialect=GO_SPRIG)
    assert template.render({"d": {"a": 1}}) == "map[a:1]map[a:2]map[]"


def test_a_map_that_must_not_change_does_not() -> None:
    with pytest.raises(ExecutionError, match="error calling set: assignment to entry in a map that must not change"):
        parse("t", "{{set . `a` 1}}", dialect=GO_SPRIG).render(MappingProxyType({}))


def test_a_record_that_hides_what_it_holds_is_compared_by_that() -> None:
    def record(text: str) -> Record:
        return Record("main.Hidden", {}, inner=text)

    template = parse("t", "{{deepEqual .a .b}}{{deepEqual .a .c}}{{eq .a .b}}{{eq .a .c}}", dialect=GO_SPRIG)
    assert template.render({"a": record("x"), "b": record("x"), "c": record("y")}) == "truefalsetruefalse"
