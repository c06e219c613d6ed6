"""Log lines: JSON, one a line, and never a value."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.errors import Unavailable
from secretsync.queries import Found
from secretsync.runtime.logs import VENDORS
from secretsync.targets import Ref
from secretsync.values import SecretValue
from secretsync_k8s.operator.logs import configure, level

CANARY = "canary-7f3a"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    loggers = [logging.root, *map(logging.getLogger, VENDORS)]
    before = [(logger, logger.level) for logger in loggers]
    handlers, raising = logging.root.handlers[:], logging.raiseExceptions
    yield
    logging.root.handlers[:], logging.raiseExceptions = handlers, raising
    for logger, its_level in before:
        logger.setLevel(its_level)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


LOG = logging.getLogger("secretsync.test")


def test_a_line_is_one_object_with_its_fields(stream):
    configure(logging.INFO, stream=stream)
    LOG.info("%s: %d keys", "Secret shop/app", 3, extra={"fields": {"namespace": "shop", "took": 0.5}})
    LOG.debug("not this one")
    (line,) = lines(stream)
    ts = line.pop("ts")
    assert isinstance(ts, str)
    assert len(ts) == len("2026-01-02T12:00:00.000Z")
    assert ts.endswith("Z")
    assert line == {
        "level": "info",
        "logger": "secretsync.test",
        "msg": "Secret shop/app: 3 keys",
        "namespace": "shop",
        "took": 0.5,
    }


def test_a_field_never_replaces_what_every_line_has(stream):
    configure(logging.INFO, stream=stream)
    LOG.info("told", extra={"fields": {"msg": "other", "level": "none"}})
    assert lines(stream)[0]["msg"] == "told"
    assert lines(stream)[0]["level"] == "info"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(SecretValue(CANARY), "SecretValue(…)", id="secret"),
        pytest.param(CANARY.encode(), "<bytes>", id="bytes"),
        pytest.param(ValueError(CANARY), "ValueError", id="exception"),
        pytest.param({"k": SecretValue(CANARY)}, {"k": "SecretValue(…)"}, id="mapping"),
        pytest.param([ValueError(CANARY), 1], ["ValueError", 1], id="list"),
        pytest.param(io.StringIO(CANARY), "<StringIO>", id="anything else"),
        pytest.param(Ref("cluster", "Secret", "app", "shop"), "Secret shop/app", id="target"),
        pytest.param(PurePosixPath("/a"), "/a", id="path"),
        pytest.param(Unavailable("b", "read", "refused"), "read at b: refused", id="error of ours"),
        pytest.param(None, None, id="none"),
    ],
)
def test_what_is_no_plain_value_is_shown_by_our_own_text(stream, value, shown):
    configure(logging.DEBUG, stream=stream)
    LOG.warning("field", extra={"fields": {"x": value}})
    LOG.warning("argument %s", value)
    LOG.warning("named %(x)s", {"x": value})
    assert lines(stream)[0]["x"] == shown
    assert lines(stream)[1]["msg"] == f"argument {shown}"
    assert CANARY not in stream.getvalue()


def test_an_answer_hides_its_value(stream):
    configure(logging.DEBUG, stream=stream)
    LOG.info("%s", Found({"k": SecretValue(CANARY)}))
    assert CANARY not in stream.getvalue()


def test_the_exception_of_another_is_its_type_and_place(stream):
    configure(logging.DEBUG, stream=stream)
    try:
        json.loads(CANARY)
    except ValueError:
        LOG.exception("failed")
    (line,) = lines(stream)
    assert line["error"] == "JSONDecodeError"
    assert str(line["at"]).startswith("decoder.py:")
    assert "detail" not in line
    assert CANARY not in stream.getvalue()


def test_an_exception_of_ours_is_told(stream):
    configure(logging.DEBUG, stream=stream)
    LOG.error("failed", exc_info=Unavailable("b", "read", "refused"))
    (line,) = lines(stream)
    assert (line["error"], line["detail"]) == ("Unavailable", "read at b: refused")


@pytest.mark.parametrize("vendor", VENDORS)
def test_vendors_never_speak_below_warning(stream, vendor):
    configure(logging.DEBUG, stream=stream)
    logger = logging.getLogger(f"{vendor}.connection")
    logger.debug("Authorization: Bearer %s", CANARY)
    logger.info("%s", CANARY)
    assert not stream.getvalue()
    logger.warning("told")
    assert lines(stream)[0]["msg"] == "told"


def test_vendors_are_no_louder_than_we_are(stream):
    configure(logging.ERROR, stream=stream)
    logging.getLogger("urllib3").warning("not told")
    assert not stream.getvalue()


def test_a_record_that_cannot_be_formatted_is_not_printed_with_its_arguments(stream, capsys):
    configure(logging.DEBUG, stream=stream)
    LOG.info("%d", CANARY)
    assert CANARY not in stream.getvalue() + capsys.readouterr().err


@given(st.text(), st.text())
def test_any_text_stays_one_line_of_json(message, value):
    stream = io.StringIO()
    configure(logging.INFO, stream=stream)
    LOG.info("%s", message, extra={"fields": {"value": value}})
    assert stream.getvalue().count("\n") == 1
    line = json.loads(stream.getvalue())
    assert (line["msg"], line["value"]) == (message, value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("debug", logging.DEBUG),
        ("INFO", logging.INFO),
        ("error", logging.ERROR),
        ("panic", logging.CRITICAL),
        ("1", logging.DEBUG),
        ("5", logging.DEBUG),
    ],
)
def test_levels_as_zap_names_them(name, expected):
    assert level(name) == expected


@pytest.mark.parametrize("name", ["", "loud", "0", "-1", "1.5"])
def test_no_levels(name):
    with pytest.raises(ValueError):
        level(name)
