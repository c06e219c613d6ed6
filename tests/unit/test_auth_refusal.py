"""What a refusal's body may tell, and what of it may be told on."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from secretsync.auth.refusal import RETRY_AFTER_CAP, refusal
from secretsync.errors import AuthenticationFailed
from secretsync.http import Response

MESSAGE = "canary: the value was 'x'"

anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
bodies = anything | st.fixed_dictionaries({"error": anything, "message": anything, "reqId": anything})


@given(bodies.map(lambda body: json.dumps(body).encode()) | st.binary(), st.integers(100, 599), st.text())
def test_any_answer_can_be_read(body: bytes, status: int, wait: str) -> None:
    said = refusal(Response(status, {"retry-after": wait}, body, "GET", "https://h/x"))
    assert said.status == status
    assert 0.0 <= said.retry_after <= RETRY_AFTER_CAP
    assert max(map(len, (said.error, said.request_id, *said.issues))) <= 64


def test_the_message_is_never_told_on() -> None:
    body = json.dumps({"error": "Forbidden", "message": MESSAGE, "reqId": "req-1"}).encode()
    said = refusal(Response(403, {}, body, "GET", "https://h/x"))
    error = said.raised(AuthenticationFailed, "refused", host="https://h", operation="read")
    assert said.message == MESSAGE
    assert str(error) == "read at https://h: refused (GET https://h/x, Forbidden) (HTTP 403, request req-1)"
    assert "canary" not in f"{said!r} {error!r}"


def test_a_word_that_may_quote_is_not_told_on_either() -> None:
    body = json.dumps({"error": MESSAGE, "message": "x", "reqId": "y" * 65}).encode()
    said = refusal(Response(403, {}, body))
    assert (said.error, said.request_id, said.spoken) == ("", "", True)
