"""Go's command lines: what the tables say was compared with a program built with Go 1.26's `flag` package."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.errors import InvalidInput
from secretsync_k8s.operator.flags import BOOL, DURATION, INT, TEXT, TEXTS, Flag, duration, integer, parse, usage

FLAGS = (
    Flag("host-api", TEXT, "", "where the store is", env="KMS_API_HOST_URL"),
    Flag("leader-elect", BOOL, default=False, help="elect a leader"),
    Flag("workers", INT, 4, "how many at once"),
    Flag("resync", DURATION, 60.0, "how often"),
    Flag("namespaces", TEXTS, (), "where to look", env="NAMESPACES"),
)
DEFAULTS = {"host-api": "", "leader-elect": False, "workers": 4, "resync": 60.0, "namespaces": ()}


def values(*argv: str, **environ: str):
    return parse(FLAGS, argv, environ)


@pytest.mark.parametrize(
    ("argv", "changed"),
    [
        pytest.param((), {}, id="nothing"),
        pytest.param(("-host-api", "x"), {"host-api": "x"}, id="one dash"),
        pytest.param(("--host-api", "x"), {"host-api": "x"}, id="two dashes"),
        pytest.param(("--host-api=x=y",), {"host-api": "x=y"}, id="equals sign in the value"),
        pytest.param(("--host-api=",), {"host-api": ""}, id="empty value"),
        pytest.param(("--host-api", "-workers"), {"host-api": "-workers"}, id="a value that begins with a dash"),
        pytest.param(("-host-api=x", "-host-api=y"), {"host-api": "y"}, id="the last one counts"),
        pytest.param(("-leader-elect",), {"leader-elect": True}, id="boolean"),
        pytest.param(("--leader-elect=false",), {}, id="boolean off"),
        pytest.param(("--leader-elect=T",), {"leader-elect": True}, id="boolean in Go's letters"),
        pytest.param(("-workers=0x10",), {"workers": 16}, id="hexadecimal"),
        pytest.param(("-workers=010",), {"workers": 8}, id="octal"),
        pytest.param(("-workers=-3",), {"workers": -3}, id="negative"),
        pytest.param(("-resync=1m30s",), {"resync": 90.0}, id="duration"),
        pytest.param(("-namespaces=a", "--namespaces", "b"), {"namespaces": ("a", "b")}, id="repeated"),
    ],
)
def test_what_a_command_line_says(argv, changed):
    assert values(*argv) == DEFAULTS | changed


@pytest.mark.parametrize(
    ("argv", "rest"),
    [
        pytest.param(("serve", "-workers=2"), ("serve", "-workers=2"), id="a word ends the flags"),
        pytest.param(("-workers=1", "--", "-workers=2"), ("-workers=2",), id="so do two dashes"),
        pytest.param(("-workers=1", "-", "-workers=2"), ("-", "-workers=2"), id="and a single dash"),
        pytest.param(("-leader-elect", "false"), ("false",), id="a boolean takes no second word"),
    ],
)
def test_where_flags_end(argv, rest):
    with pytest.raises(InvalidInput) as caught:
        values(*argv)
    assert caught.value.problems == tuple(f'unexpected argument "{word}"; every setting is a flag' for word in rest)


def test_two_dashes_with_nothing_behind_them_are_no_word():
    assert values("-workers=1", "--") == DEFAULTS | {"workers": 1}


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        pytest.param(("-x",), "flag provided but not defined: -x; -help lists the flags", id="unknown"),
        pytest.param(("--worker=1",), "flag provided but not defined: -worker; did you mean -workers?", id="near"),
        pytest.param(("-host-api",), "flag needs an argument: -host-api", id="no value"),
        pytest.param(("---host-api=x",), "bad flag syntax: ---host-api=x", id="three dashes"),
        pytest.param(("-=x",), "bad flag syntax: -=x", id="no name"),
        pytest.param(
            ("-leader-elect=",),
            'invalid boolean value "" for -leader-elect: parse error; write true or false',
            id="empty boolean",
        ),
        pytest.param(
            ("-leader-elect=yes",),
            'invalid boolean value "yes" for -leader-elect: parse error; write true or false',
            id="boolean",
        ),
        pytest.param(
            ("-workers=many",), 'invalid value "many" for flag -workers: parse error; write a whole number', id="number"
        ),
        pytest.param(
            ("-resync=60",),
            'invalid value "60" for flag -resync: parse error; write a duration such as 500ms, 2s or 1m30s',
            id="duration without unit",
        ),
    ],
)
def test_what_is_wrong(argv, problem):
    with pytest.raises(InvalidInput) as caught:
        values(*argv)
    assert caught.value.problems == (problem,)


def test_every_wrong_value_is_told_at_once():
    flags = (*FLAGS, Flag("burst", INT, 1, "", env="BURST"))
    with pytest.raises(InvalidInput) as caught:
        parse(flags, ["-workers=a", "-resync=b", "-wrong", "-leader-elect=c"], {"BURST": "d"})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        'invalid value "a" for flag -workers',
        'invalid value "b" for flag -resync',
        "flag provided but not defined",
        'invalid value "d" for environment variable BURST',
    ]


def test_a_flag_wins_over_its_variable_and_a_variable_over_the_default():
    assert values(KMS_API_HOST_URL="env")["host-api"] == "env"
    assert values("-host-api=flag", KMS_API_HOST_URL="env")["host-api"] == "flag"
    assert values("-host-api=", KMS_API_HOST_URL="env")["host-api"] == ""
    assert values(KMS_API_HOST_URL="")["host-api"] == ""
    assert values(NAMESPACES="a,b")["namespaces"] == ("a", "b")


@pytest.mark.parametrize("word", ["-h", "-help", "--help", "--h"])
def test_help_is_asked_for(word):
    assert parse(FLAGS, [word, "-wrong"], {}) is None


def test_help_shows_every_flag_with_what_it_takes():
    assert usage("operator", FLAGS) == (
        "Usage of operator:\n"
        "  -host-api string\n    \twhere the store is (environment variable KMS_API_HOST_URL)\n"
        "  -leader-elect\n    \telect a leader\n"
        "  -namespaces string\n    \twhere to look (environment variable NAMESPACES)\n"
        "  -resync duration\n    \thow often (default 60s)\n"
        "  -workers int\n    \thow many at once (default 4)\n"
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("-0", 0.0),
        ("5s", 5.0),
        ("+5s", 5.0),
        ("-1.5h", -5400.0),
        (".5s", 0.5),
        ("1.s", 1.0),
        ("3h30m5s", 12605.0),
        ("1s1h", 3601.0),
        ("10ms", 0.01),
        ("10us", 1e-5),
        ("10µs", 1e-5),
        ("10μs", 1e-5),
        ("10ns", 1e-8),
    ],
)
def test_durations(text, seconds):
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "3", "-", "s", ".", ".s", "-.s", "5d", "1 s", " 1s", "1s ", "--1s", "1e3s", "3000000h", "٣s"]
)
def test_no_durations(text):
    with pytest.raises(ValueError):
        duration(text)


@pytest.mark.parametrize("text", ["", " 1", "1 ", "1.0", "08", "1__0", "٣", "9223372036854775808", "x"])
def test_no_integers(text):
    with pytest.raises(ValueError):
        integer(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59999))
def test_a_duration_is_the_sum_of_its_parts(hours, minutes, milliseconds):
    text = f"{hours}h{minutes}m{milliseconds}ms"
    assert duration(text) == pytest.approx(hours * 3600 + minutes * 60 + milliseconds / 1000)
    assert duration("-" + text) == -duration(text)


@given(st.lists(st.text(max_size=12), max_size=5))
def test_no_command_line_fails_but_with_its_problems(argv):
    with suppress(InvalidInput):
        parse(FLAGS, argv, {})
