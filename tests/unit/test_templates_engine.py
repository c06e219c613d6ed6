"""The engine beyond what Go's own answers cover: functions, stand-ins, dialects, records, and what errors hold."""

import gc
import threading
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.errors import SecretSyncError
from secretsync.templates import (
    ANY,
    GO_1_23,
    MISSING,
    VALUE,
    Dialect,
    ExecutionError,
    Function,
    FunctionError,
    ParseError,
    Record,
    StandIn,
    TemplateError,
    Undecided,
    parse,
    parse_set,
)

UPPER = Function(lambda text: text.upper(), ("string",), gives="string")
SHOW = Function(repr, (ANY,), gives="string")


def test_a_function_gets_its_arguments_in_order() -> None:
    join = Function(lambda *texts: "-".join(texts), ("string",), rest="string", gives="string")
    assert (
        parse("t", '{{join "a" .b "c"}}{{"z" | join "a"}}', functions={"join": join}).render({"b": "b"}) == "a-b-ca-z"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{upper 1}}", "<1>: expected string; found 1"),
        ("{{upper .i}}", "<.i>: wrong type for value; expected string; got int"),
        ("{{.i | upper}}", "<upper>: wrong type for value; expected string; got int"),
        ("{{upper .n}}", "<.n>: wrong type for value; expected string; got interface {}"),
        ("{{upper (.n)}}", "<.n>: invalid value; expected string"),
        ("{{upper .x}}", "<.x>: invalid value; expected string"),
        ("{{upper nil}}", "<nil>: cannot assign nil to string"),
        ('{{upper "a" "b"}}', "<upper>: wrong number of args for upper: want 1 got 2"),
        ('{{"a" | upper "b"}}', "<upper>: wrong number of args for upper: want 1 got 2"),
        ("{{half .i}}", "<.i>: wrong type for value; expected float64; got int"),
        ('{{half "a"}}', '<"a">: expected float; found "a"'),
        ("{{twice 1.5}}", "<1.5>: expected integer; found 1.5"),
        ("{{invert 1}}", "<1>: expected bool; found 1"),
        ("{{keys 1}}", "<1>: can't handle 1 for arg of type map[string]interface {}"),
        ("{{keys .i}}", "<.i>: wrong type for value; expected map[string]interface {}; got int"),
        ("{{fail .i}}", "<fail .i>: error calling fail: no luck"),
        ("{{print (fail .i)}}", "<fail .i>: error calling fail: no luck"),
        ("{{.i | fail | print}}", "<fail>: error calling fail: no luck"),
    ],
)
def test_arguments_are_checked_as_go_does(text: str, told: str) -> None:
    def fail(_: object) -> str:
        raise FunctionError("no luck")

    functions = {
        "upper": UPPER,
        "half": Function(lambda number: number / 2, ("float64",), gives="float64"),
        "twice": Function(lambda number: number * 2, ("int",), gives="int"),
        "invert": Function(lambda truth: not truth, ("bool",), gives="bool"),
        "keys": Function(len, ("map[string]interface {}",), gives="int"),
        "fail": Function(fail, (ANY,), gives="string"),
    }
    with pytest.raises(ExecutionError) as caught:
        parse("t", text, functions=functions).render({"i": 1, "n": None})
    assert str(caught.value).partition(" at ")[2] == told


def test_literals_take_the_type_that_is_asked_for() -> None:
    half = Function(lambda number: number / 2, ("float64",), gives="float64")
    twice = Function(lambda number: number * 2, ("int",), gives="int")
    assert parse("t", "{{half 3}} {{twice 4.0}} {{half 'a'}}", functions={"half": half, "twice": twice}).render() == (
        "1.5 8 48.5"
    )


def test_what_is_missing_is_nil_for_a_function_unless_it_wants_to_know() -> None:
    asks = Function(lambda value: repr(value is MISSING), (VALUE,), gives="string")
    assert parse("t", "{{show .x}} {{asks .x}}", functions={"show": SHOW, "asks": asks}).render({}) == "None True"


def test_what_a_function_raises_otherwise_comes_through() -> None:
    def broken() -> str:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        parse("t", "{{broken}}", functions={"broken": Function(broken)}).render()


def test_what_was_printed_stays_though_a_function_changes_it() -> None:
    def put(held: dict[str, object], key: str, value: object) -> str:
        held[key] = value
        return ""

    functions = {"put": Function(put, ("map[string]interface {}", "string", ANY), gives="string", changes=True)}
    template = parse("t", '{{.d}}{{put .d "k" 1}}{{.d}}', functions=functions)
    assert template.render({"d": {}}) == "map[]map[k:1]"


def test_an_unknown_function_is_told_with_the_nearest_name() -> None:
    with pytest.raises(ParseError) as caught:
        parse("t", "a\n{{uper .x}}", functions={"upper": UPPER})
    assert str(caught.value) == 'template: t:2: function "uper" not defined; did you mean "upper"?'


def test_a_function_may_take_the_name_of_a_keyword_or_of_a_built_in() -> None:
    functions = {"break": Function(lambda: "B", gives="string"), "len": Function(lambda _: "L", (ANY,), gives="string")}
    assert parse("t", "{{break}}{{len 1}}", functions=functions).render() == "BL"


def test_a_dialect_is_what_can_be_called() -> None:
    dialect = Dialect("mine", functions={"upper": UPPER})
    assert parse("t", '{{upper "a"}}', dialect=dialect).render() == "A"
    with pytest.raises(ParseError, match='function "upper" not defined'):
        parse("t", '{{upper "a"}}')


def test_go_1_23_has_no_loop_over_an_integer() -> None:
    template = parse("t", "{{range 3}}{{.}}{{end}}", dialect=GO_1_23)
    with pytest.raises(ExecutionError) as caught:
        template.render()
    assert str(caught.value) == ('template: t:1:8: executing "t" at <3>: range can\'t iterate over [redacted]')
    with pytest.raises(ExecutionError, match="range can't iterate over"):
        parse("t", "{{range $i, $e := 3}}{{.}}{{end}}", dialect=GO_1_23).render()


# Stand-ins: answers that are not there yet.


class Answers:
    """A data function that has some answers and notes what it has not."""

    def __init__(self, **known: object) -> None:
        self.known = known
        self.missed: list[str] = []

    def __call__(self, name: str) -> object:
        if name in self.known:
            return self.known[name]
        self.missed.append(name)
        return StandIn()

    def render(self, text: str) -> str:
        functions = {"secret": Function(self, ("string",), asks=True), "upper": UPPER, "show": SHOW}
        functions["fail"] = Function(self._fail, (ANY,), gives="string")
        self.missed.clear()
        return parse("t", text, functions=functions).render({"l": ["p", "q"]})

    def _fail(self, _: object) -> str:
        raise FunctionError("no")

    def missing(self, text: str) -> list[str]:
        """Return what one run finds to be missing."""
        with pytest.raises(Undecided):
            self.render(text)
        return sorted(set(self.missed))


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ('{{secret "a"}}{{fail 1}}', True),
        ('{{with secret "a"}}{{end}}{{fail 1}}', False),
        ('{{fail (secret "a")}}', False),
        ('{{secret "a"}}', False),
    ],
)
def test_who_waits_for_an_answer_hears_of_a_failure_that_no_answer_mends(text: str, *, fails: bool) -> None:
    with pytest.raises(Undecided) as undecided:
        Answers().render(text)
    assert isinstance(undecided.value.error, ExecutionError) is fails


def test_with_all_answers_there_is_a_text() -> None:
    answers = Answers(a="1", b="2")
    assert answers.render('{{secret "a"}}{{if secret "b"}}{{secret "b" | upper}}{{end}}') == "12"


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        ('{{secret "a"}}{{secret "b"}}', ["a", "b"]),
        ('{{secret "a" | upper | printf "%s-%s" "x"}}{{secret "b"}}', ["a", "b"]),
        ('{{$x := secret "a"}}{{$x.y.z}}{{len $x}}{{index $x "k"}}{{secret "b"}}', ["a", "b"]),
        ('{{define "u"}}{{.}}{{end}}{{template "u" secret "a"}}{{secret "b"}}', ["a", "b"]),
        ("{{range .l}}{{secret .}}{{end}}", ["p", "q"]),
        ('{{if secret "a"}}{{end}}{{secret "b"}}', ["a"]),
        ('{{with secret "a"}}{{end}}{{secret "b"}}', ["a"]),
        ('{{range secret "a"}}{{end}}{{secret "b"}}', ["a"]),
        ('{{range $k, $v := secret "a"}}{{end}}{{secret "b"}}', ["a"]),
        ('{{eq (secret "a") "x"}}{{secret "b"}}', ["a"]),
        ('{{eq "x" (secret "a")}}{{secret "b"}}', ["a"]),
        ('{{lt 1 (secret "a")}}{{secret "b"}}', ["a"]),
        ('{{secret "a" | upper | eq "x"}}{{secret "b"}}', ["a"]),
        ('{{printf "%s" (secret "a") | eq "x"}}{{secret "b"}}', ["a"]),
        ('{{not (secret "a")}}{{secret "b"}}', ["a"]),
        ('{{and (secret "a") 1}}{{secret "b"}}', ["a"]),
        ('{{or 0 (secret "a")}}{{secret "b"}}', ["a", "b"]),
        ('{{secret (secret "a")}}{{secret "b"}}', ["a"]),
        ('{{secret "a"}}{{fail 1}}{{secret "b"}}', ["a"]),
        ('{{secret "a"}}{{fail (secret "c")}}{{secret "b"}}', ["a", "b", "c"]),
    ],
)
def test_one_run_finds_all_that_is_missing_until_it_would_decide(text: str, missed: list[str]) -> None:
    assert Answers().missing(text) == missed


def test_an_error_counts_once_nothing_is_missing() -> None:
    text = '{{secret "a"}}{{fail 1}}'
    assert Answers().missing(text) == ["a"]
    with pytest.raises(ExecutionError, match="error calling fail: no"):
        Answers(a="1").render(text)


# Records.


def test_a_record_has_its_fields_and_methods_and_nothing_else() -> None:
    record = Record(
        "dependency.KeyPair", {"Key": "k", "Value": None}, {"Twice": lambda: "kk", "Join": lambda end: f"k{end}"}
    )
    template = parse("t", '{{.Key}} {{.Value}} {{.Twice}} {{.Join "!"}} {{with .}}{{.Key}}{{end}}')
    assert template.render(record) == "k <no value> kk k! k"
    with pytest.raises(ExecutionError) as caught:
        parse("t", "{{.Other}}").render(record)
    assert str(caught.value) == (
        'template: t:1:2: executing "t" at <.Other>: can\'t evaluate field Other in type dependency.KeyPair'
    )


# Sets.


def test_templates_of_a_set_call_each_other() -> None:
    made = parse_set({"a": '{{template "b" .}}!', "b": "<{{.}}>"})
    assert made["a"].render(1) == "<1>!"
    assert made["b"].render(2) == "<2>"
    assert made["a"].names == ("a", "b")


def test_a_template_that_is_not_there_is_told() -> None:
    with pytest.raises(TemplateError, match='no template "c"'):
        parse_set({"a": ""})["c"]


# What errors hold.


@pytest.mark.parametrize(
    "text",
    [
        "{{range .s}}{{end}}",
        "{{range .n}}{{end}}{{range $i, $e := .n}}{{end}}",
        "{{index .l .n}}",
        "{{slice .s .n .n}}{{slice .l (print .s | len) 0}}",
        "{{.s | call}}",
        "{{call .s}}",
        "{{.s.x}}",
        "{{eq .l .m}}",
        "{{eq .l .l}}",
        "{{eq .s .n}}",
        "{{lt .s .n}}",
        "{{printf .n .s}}",
        "{{index .m .n}}",
        "{{index .s .s}}",
        "{{.s | .s}}",
        "{{len .n}}",
        "{{range $k, $v := .m}}{{$k.x}}{{end}}",
    ],
)
def test_no_error_holds_data(text: str) -> None:
    secret, number = "hunter2-secret", 987654321
    data: dict[str, Any] = {"s": secret, "n": number, "l": [secret, number], "m": {secret: number}}
    with pytest.raises(TemplateError) as caught:
        parse("t", text).render(data)
    error = caught.value
    assert secret not in str(error)
    assert str(number) not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_errors_are_of_the_tree_of_secretsync() -> None:
    assert issubclass(TemplateError, SecretSyncError)


def test_a_template_is_rendered_by_many_threads() -> None:
    template = parse("t", "{{range $i, $e := .l}}{{if $i}},{{end}}{{$e}}{{end}}{{$x := .n}}{{$x}}")
    found: dict[int, str] = {}

    def render(number: int) -> None:
        for _ in range(50):
            found[number] = template.render({"l": [number] * 3, "n": number})

    threads = [threading.Thread(target=render, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"{number},{number},{number}{number}" for number in range(8)}


def test_a_rendering_leaves_no_cycles_behind() -> None:
    template = parse("t", "{{range .}}{{.}}{{end}}{{.x.y}}")
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(TemplateError):
            template.render(["a"])
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("digits", ["9" * 5000, "-" + "9" * 5000, "0x" + "f" * 5000, "1" * 5000 + ".5"])
def test_a_number_of_very_many_digits_is_none(digits: str) -> None:
    with pytest.raises(ParseError, match="illegal number syntax"):
        parse("t", "{{" + digits + "}}")


SIGNS = ["{{", "}}", " ", "\n", "- ", " -", ":=", "=", ",", "|", "(", ")", "/*", "*/", "\udcff", "é"]
TERMS = [".", ".a", "$x", '"s"', "`", "'a'", "1", "-2", "1.5", "nil", "true", "eq ", "and ", "len ", "printf "]
KEYWORDS = ["if ", "else", "end", "range ", "with ", "define ", "template ", "block ", "break"]


@given(st.lists(st.sampled_from([*SIGNS, *TERMS, *KEYWORDS]), max_size=40).map("".join))
def test_any_text_is_a_template_or_an_error_of_ours(text: str) -> None:
    for template in (text, "{{" + text + "}}", "{{range .}}{{" + text + "}}{{end}}"):
        with suppress(TemplateError):
            assert isinstance(parse("t", template).render({"a": [1, "x", None], "b": {"c": "d"}}), str)
