# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""Values, errors, queries and the clock, as a user's type checker sees them. Checked, never run."""

from collections.abc import Mapping
from typing import assert_type

from attrs import evolve

from secretsync.clock import Clock, Deadline
from secretsync.errors import BackendError, InvalidInput, RateLimited, SecretSyncError
from secretsync.queries import Absent, Failed, Found, Query, query
from secretsync.testing import ManualClock
from secretsync.values import Document, Flatten, Row, SecretValue


def values(value: SecretValue, document: Document) -> None:
    assert_type(value.reveal(), bytes)
    assert_type(value.text(), str)
    assert_type(document.fields(Flatten(imports="first")), Mapping[str, SecretValue])
    Flatten(imports="middle")  # type: ignore[arg-type]
    value.text = "open"  # type: ignore[assignment,method-assign]
    document.rows = ()  # type: ignore[misc]
    assert_type(evolve(Row(key="A", value=value), path="/app"), Row)
    Row(key="A", value="plain text")  # type: ignore[arg-type]


def errors(error: BackendError, invalid: InvalidInput, limited: RateLimited) -> None:
    assert_type(error.status, int | None)
    assert_type(error.code, str)
    assert_type(invalid.problems, tuple[str, ...])
    assert_type(limited.retry_after, float)
    root: SecretSyncError = error
    raise root


@query
class Name(Query[str]):
    id: int


def queries(answer: Found[str] | Absent | Failed) -> None:
    asked: Query[object] = Name(id=1)
    Name(id="1")  # type: ignore[arg-type]
    Name(1).id = 2  # type: ignore[misc]
    del asked
    match answer:
        case Found(value=value):
            assert_type(value, str)
        case Absent(why=why):
            assert_type(why.status if why is not None else None, int | None)
        case Failed(error=error):
            assert_type(error, SecretSyncError)


def clocks() -> None:
    clock: Clock = ManualClock()
    assert_type(Deadline.after(1.0, clock).remaining(), float)
