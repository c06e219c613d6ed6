"""Sprig's functions: where they are, what they load, what they may ask for, and where time and chance come from."""

import json
import subprocess
import sys

import pytest

from secretsync.templates import GO_SPRIG, ExecutionError, Function, LimitExceeded, Limits, ParseError, Sources, parse
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
parse("t", "{{{{until 3}}}}", dialect=GO_SPRIG)
print(json.dumps([before, [name for name in sys.modules if "templates.sprig." in name]]))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout) == [[], ["secretsync.templates.sprig.integer_lists"]]


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


@pytest.mark.parametrize("text", ["{{until 1001}}", "{{untilStep 0 2002 2}}", "{{seq 1001}}", "{{until -1001}}"])
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
