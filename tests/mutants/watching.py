"""Bugs of list and watch (`cluster/reflector.py`, `replica.py`)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_REFLECTOR: Final = "secretsync_k8s/cluster/reflector.py"
_REPLICA: Final = "secretsync_k8s/cluster/replica.py"

WATCHING: Final = (
    Mutant(
        name="pages-of-a-list-lost",
        file=_REFLECTOR,
        before="            items |= {key: item for key, item in keyed",
        after="            items = {key: item for key, item in keyed",
        bug="Of a long list the last page alone counts, and all others are told as gone.",
        killer="unit/test_reflector.py::test_a_list_comes_in_pages_and_all_of_it_is_known_before_the_first_is_told",
    ),
    Mutant(
        name="pages-of-two-lists-mixed",
        file=_REFLECTOR,
        before="            items, version = self._pages(None)\n",
        after="            items, version = {}, ''\n",
        bug="A list whose pages expired half-way counts as a list of nothing.",
        killer="unit/test_reflector.py::test_pages_that_expire_are_followed_by_one_list_of_everything",
    ),
    Mutant(
        name="version-too-old-asked-again",
        file=_REFLECTOR,
        before='        if _is_outdated(error):\n            self._version = ""\n',
        after="        if _is_outdated(error):\n",
        bug="A watch whose version the server has forgotten (410) is never opened again.",
        killer="unit/test_reflector.py::test_what_follows_a_failed_watch",
    ),
    Mutant(
        name="version-too-old-waits-as-an-outage",
        file=_REFLECTOR,
        before="                self._failures, self._proven = 0, False\n",
        after="                self._proven = False\n",
        bug="After an outage in which the server forgot our version nothing is seen for half a minute more.",
        killer="unit/test_reflector.py::test_after_an_outage_a_version_that_is_too_old_is_followed_by_a_list_soon",
    ),
    Mutant(
        name="silence-waited-twice",
        file=_REFLECTOR,
        before="_BACKOFF.delay(self._failures, self._chance) - waited)",
        after="_BACKOFF.delay(self._failures, self._chance))",
        bug="Who has waited a minute for a silent server waits the whole back-off besides.",
        killer="unit/test_reflector.py::test_the_seconds_that_a_silent_server_has_cost_are_part_of_the_wait",
    ),
    Mutant(
        name="bookmark-ignored",
        file=_REFLECTOR,
        before="            self._changed(ChangeType(kind), item)\n        self._version = item",
        after="            self._changed(ChangeType(kind), item)\n            self._version = item",
        bug="A quiet watch goes on from a version of long ago, and lists everything anew.",
        killer="unit/test_reflector.py::test_a_bookmark_moves_the_version",
    ),
    Mutant(
        name="deaf-watch-not-found",
        file=_REFLECTOR,
        before="accept=self._accepts[1], timeout=SILENCE)",
        after="accept=self._accepts[1], timeout=86400.0)",
        bug="A connection that is half open is listened to for ever, and nothing is told any more.",
        killer="unit/test_reflector.py::test_silence_is_bounded_and_counted",
    ),
    Mutant(
        name="told-before-all-is-known",
        file=_REFLECTOR,
        before="        changes = self._replica.replace(items)\n"
        "        self._expected -= expected\n"
        "        for change in (*map(_gone, expected - items.keys()), *changes):\n"
        "            self._tell(change)\n",
        after='        changes = __import__("copy").deepcopy(self._replica).replace(items)\n'
        "        self._expected -= expected\n"
        "        for change in (*map(_gone, expected - items.keys()), *changes):\n"
        "            self._tell(change)\n"
        "        self._replica.replace(items)\n",
        bug="Who is told of one object and looks for another finds what was before.",
        killer="unit/test_reflector.py::test_all_of_a_later_list_is_known_before_the_first_is_told",
    ),
    Mutant(
        name="broken-watch-proves-absence",
        file=_REFLECTOR,
        before="bool(self._version) and self.failing_since is None\n",
        after="bool(self._version)\n",
        bug="While the server cannot be followed, what the watch does not know counts as absent.",
        killer="unit/test_reflector.py::test_a_watch_that_is_broken_knows_of_no_absence",
    ),
    Mutant(
        name="end-of-the-expected-missed",
        file=_REFLECTOR,
        before="            self._expected.add(key)\n",
        after="            pass\n",
        bug="What came and went while the watch was broken is believed to be there for ever.",
        killer="unit/test_reflector_expected.py::test_what_came_and_went_while_the_watch_was_broken_is_told_as_gone_once",
    ),
    Mutant(
        name="tombstone-missed",
        file=_REPLICA,
        before="if key not in found or found[key].uid != known.uid]\n",
        after="if key in found and found[key].uid != known.uid]\n",
        bug="What was deleted while the watch was away is never told as gone.",
        killer="unit/test_reflector.py::test_when_the_version_is_too_old_the_list_tells_only_what_differs",
    ),
    Mutant(
        name="successor-taken-for-its-predecessor",
        file=_REPLICA,
        before="            if key not in before or before[key].uid != found[key].uid:\n",
        after="            if key not in before:\n",
        bug="An object made anew under its old name is told as a change of the old one.",
        killer="unit/test_reflector.py::test_when_the_version_is_too_old_the_list_tells_only_what_differs",
    ),
    Mutant(
        name="swapped-events-believed",
        file=_REPLICA,
        before="before.uid == now.uid and self._old.is_older(now, before):\n",
        after="before.uid == now.uid and False:\n",
        bug="An older state that comes late overwrites the newer one.",
        killer="unit/test_reflector_replica.py::test_what_events_mean",
    ),
)
