"""Crossings within the engine, where nothing else is needed to bring them about."""

from __future__ import annotations

from secretsync.reconcile.messages import Withdrawn
from worlds import Folder, Play, World, copy, document, secret, subject


def test_an_answer_that_changes_behind_a_thousand_writes_is_what_is_written_in_the_end():
    names = [f"o{n}" for n in range(1000)]
    made = Play(World(folders={"/all": document(A="1"), "/last": document(A="old")}), limits={"cluster": 1})
    made.apply(*(subject(copy("/all", name, mark=name), key=name, period=600.0) for name in names))
    made.run(1.0)
    made.apply(subject(copy("/last", "last", mark="last"), key="last", period=10.0))
    made.at(15.0, lambda: made.world.folders.update({"/last": document(A="new")}))
    made.run(200.0)
    assert made.world.data[secret("last")] == {"A": b"new"}
    assert all(made.world.data[secret(name)] == {"A": b"1"} for name in names)
    assert made.last("last").ready


def test_a_reply_behind_a_thousand_writes_is_told_before_they_are_done():
    names = [f"o{n}" for n in range(1000)]
    made = Play(World(folders={"/all": document(A="1")}), limits={"cluster": 1})
    made.apply(*(subject(copy("/all", name, mark=name), key=name, period=600.0) for name in names))
    made.run(40.0)
    assert len(made.world.data) < 900, "they are to be under way still"
    made.apply(subject(copy("/all", "urgent", mark="urgent"), key="urgent", once=True, deadline=made.now + 5.0))
    made.run(42.0)
    assert made.last("urgent").ready


def test_a_mark_to_evict_an_answer_counts_only_for_the_rest_that_it_was_set_for():
    made = Play(World(folders={"/app": document(A="1")}))
    for begin, end in (0.0, 100.0), (650.0, 720.0), (1250.0, 1260.0):
        made.at(begin, lambda: made.apply(subject(copy("/app", "t"))))
        made.at(end, Withdrawn("one"))

    def entries():
        return {entry.query: entry for entry in made.engine._store}

    made.run(90.0)
    first = entries()
    made.run(710.0)  # over the marks of the first rest, in use
    assert entries() == first
    made.run(1340.0)  # over those of the second, in the third
    assert entries() == first
    made.run(2000.0)
    assert not any(isinstance(query, Folder) for query in entries())
