"""How the address of a KMS may be written (kms-api §1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.backends.kms.urls import normalise, segment
from secretsync.errors import InvalidInput


@pytest.mark.row("kmssecret-14")
@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("https://kms.example", "https://kms.example"),
        ("https://kms.example/", "https://kms.example"),
        ("https://kms.example/api", "https://kms.example"),
        ("https://kms.example/api/", "https://kms.example"),
        ("https://kms.example/api/api", "https://kms.example"),
        ("https://kms.example//api//", "https://kms.example"),
        ("  https://kms.example/api \n", "https://kms.example"),
        ("https://kms.example/vault/api", "https://kms.example/vault"),
        ("https://kms.example/api/v1", "https://kms.example/api/v1"),
        ("https://kms.example/papi", "https://kms.example/papi"),
        ("http://kms.hanzo.svc.cluster.local/api", "http://kms.hanzo.svc.cluster.local"),
        ("HTTPS://KMS.Example:443/Team", "https://kms.example/Team"),
        ("http://kms.example:80", "http://kms.example"),
        ("http://kms.example:443", "http://kms.example:443"),
        ("https://kms.example:8443/api", "https://kms.example:8443"),
        ("http://[::1]:8080/api", "http://[::1]:8080"),
    ],
)
def test_an_address_is_taken_in_every_form(written: str, base: str) -> None:
    assert normalise(written) == base


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "must start with http"),
        ("kms.example", "must start with http"),
        ("kms.example:8443", "must start with http"),
        ("ftp://kms.example", "must start with http"),
        ("https://", "names no host"),
        ("https:///api", "names no host"),
        ("https://kms.example?a=1", "no query"),
        ("https://kms.example/?", "no query"),
        ("https://kms.example/#top", "no fragment"),
        ("https://user:pass@kms.example", "no user or password"),
        ("https://kms.example:port", "cannot be read"),
        ("https://kms.example:99999", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("https://kms.ex ample", "a character that no URL may"),
        ("https://kms.example/a\nb", "a character that no URL may"),
        ("https://kms.example\\@evil.example", "a character that no URL may"),
    ],
)
def test_what_is_no_address_is_refused_with_its_place(written: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        normalise(written, place="spec.hostAPI")
    assert all(problem.startswith("spec.hostAPI: ") for problem in caught.value.problems)


def test_every_problem_is_named_at_once_and_nothing_repeated() -> None:
    with pytest.raises(InvalidInput) as caught:
        normalise("ftp://user:canary@kms.example?token=canary#canary")
    assert len(caught.value.problems) == 4
    assert "canary" not in str(caught.value)


words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@given(
    scheme=st.sampled_from(["http", "https", "HTTP"]),
    host=words,
    port=st.sampled_from(["", ":80", ":443", ":8080"]),
    segments=st.lists(words | st.just("api")),
    tail=st.sampled_from(["", "/", "//", "/api/"]),
)
def test_a_normal_address_stays_and_never_ends_in_api(
    scheme: str, host: str, port: str, segments: list[str], tail: str
) -> None:
    base = normalise(f"{scheme}://{host}{port}/{'/'.join(segments)}{tail}")
    assert normalise(base) == normalise(base + "/api") == base
    assert not base.endswith(("/", "/api"))


@given(st.text())
def test_any_text_is_an_address_or_a_problem(text: str) -> None:
    try:
        base = normalise(text)
    except InvalidInput:
        return
    assert normalise(base) == base


@pytest.mark.parametrize(
    ("name", "shown"),
    [("shop-1", "shop-1"), ("a/b", "a%2Fb"), ("a b?", "a%20b%3F"), ("..", "%2E%2E"), (".", "%2E"), ("é", "%C3%A9")],
)
def test_a_name_is_one_segment(name: str, shown: str) -> None:
    assert segment(name) == shown


@given(st.text(min_size=1))
def test_no_name_leaves_its_segment(name: str) -> None:
    try:
        shown = segment(name)
    except UnicodeEncodeError:  # a lone surrogate: no text that a file or a server can send
        return
    assert shown not in {".", ".."}
    assert not set(shown) & set("/?#")
