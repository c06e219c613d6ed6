"""Regular expressions beyond what the oracle's cases show: time and memory, whatever the expression."""

import time
import tracemalloc

import pytest

from secretsync.templates import GO_SPRIG, ExecutionError, LimitExceeded, Limits, parse

HOSTILE = [
    (r"(a+)+$", "a" * 50_000 + "b"),
    (r"(a|aa)+$", "a" * 50_000 + "b"),
    (r"(.*a){20}", "a" * 20_000),
    (r"(x+x+)+y", "x" * 20_000),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 20_000),
]


@pytest.mark.parametrize(("pattern", "text"), HOSTILE)
def test_no_expression_takes_long(pattern: str, text: str) -> None:
    began = time.process_time()
    parse("t", "{{regexMatch .p .t}}", dialect=GO_SPRIG).render({"p": pattern, "t": text})
    assert time.process_time() - began < 2


@pytest.mark.parametrize("template", ['{{regexReplaceAll "a" .t .t}}', '{{regexReplaceAllLiteral "a" .t .t}}'])
def test_a_replacement_may_make_no_endless_text(template: str) -> None:
    made = parse("t", template, dialect=GO_SPRIG, limits=Limits(text=1_000_000))
    tracemalloc.start()
    with pytest.raises(LimitExceeded) as caught:
        made.render({"t": "a" * 5_000})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.limit == "text"
    assert peak < 10 * 2**20


@pytest.mark.parametrize("template", ['{{regexFindAll "" .t -1}}', '{{regexSplit "" .t -1}}'])
def test_matches_are_counted(template: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        parse("t", template, dialect=GO_SPRIG, limits=Limits(items=100)).render({"t": "a" * 101})
    assert caught.value.limit == "items"


def test_an_expression_of_great_size_is_refused() -> None:
    with pytest.raises(ExecutionError, match=r"error parsing regexp: expression too large: \[redacted\]"):
        parse("t", "{{regexFind . `a`}}", dialect=GO_SPRIG).render("(" + r"\pL{1000}" * 100 + ")")


def test_an_error_quotes_no_data() -> None:
    with pytest.raises(ExecutionError) as caught:
        parse("t", "{{regexFind . `a`}}", dialect=GO_SPRIG).render("c4n4ry(")
    assert "c4n4ry" not in str(caught.value)
