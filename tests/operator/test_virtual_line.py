"""What the tests in virtual time stand on is the same in every run, wherever its KMS listens."""

from __future__ import annotations

from canaries import canary
from stand import kmssecret
from virtual import Line


def test_an_operator_in_virtual_time_asks_at_the_same_times_each_time():
    histories = []
    for _ in range(2):
        with Line({f"/{n}": {"A": canary()} for n in range(3)}) as line:
            line.apply(*(kmssecret(f"app-{n}", line.url, path=f"/{n}") for n in range(3)))
            line.run(300.0)
            histories.append((line.kms.url, line.asked))
    (here, first), (there, second) = histories
    assert here != there
    assert first == second
    assert [when for when, what in first if what == "Folder"]
