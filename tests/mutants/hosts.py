"""Bugs of queues, back-off and time (`reconcile/hosts.py`, `lanes.py`, `timers.py`, `runtime/`)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_HOSTS: Final = "secretsync/reconcile/hosts.py"

HOSTS: Final = (
    Mutant(
        name="host-ignores-retry-after",
        file=_HOSTS,
        before="        host.held_until = max(host.held_until, now + failed.retry_after)\n",
        after="",
        bug="A 429 with Retry-After is answered by the next request at once (kmssecret-30).",
        killer="unit/test_hosts.py::test_an_answer_from_before_does_not_end_the_patience_that_is_asked_for",
    ),
    Mutant(
        name="patience-ends-with-an-older-answer",
        file=_HOSTS,
        before="        if now >= host.held_until:\n",
        after="        if True:\n",
        bug="An answer that was sent before a 429 ends the patience that it asks for.",
        killer="unit/test_hosts.py::test_an_answer_from_before_does_not_end_the_patience_that_is_asked_for",
    ),
    Mutant(
        name="no-verdict-for-the-queue",
        file=_HOSTS,
        before="        if self.error is None or now >= self.retry_at:\n",
        after="        if True:\n",
        bug="Everything queued at a dead host goes through its own time-out.",
        killer="unit/test_hosts.py::test_a_dead_host_costs_one_probe_a_back_off_and_everything_recovers",
    ),
    Mutant(
        name="no-single-probe",
        file=_HOSTS,
        before="        free = self.busy < (1 if self.error else int(self.allowed))\n",
        after="        free = self.busy < int(self.allowed)\n",
        bug="A dead host is tried by many requests at once.",
        killer="unit/test_hosts.py::test_a_host_in_trouble_gets_one_request_at_a_time",
    ),
    Mutant(
        name="lowest-lane-starves",
        file="secretsync/reconcile/lanes.py",
        before="if self._picks % FAIR == 0 else",
        after="if False else",
        bug="Refreshes are never made while there is always something better to do.",
        killer="unit/test_lanes.py::test_the_lowest_lane_does_not_starve",
    ),
    Mutant(
        name="callers-wait-behind-refreshes",
        file="secretsync/reconcile/runs.py",
        before="    if subject.once:\n        return Lane.CALLER\n",
        after="    if subject.once:\n        return Lane.REFRESH\n",
        bug="Who waits with a deadline stands behind a thousand cluster writes.",
        killer="unit/test_runs.py::test_a_caller_whose_target_moved_is_still_a_caller",
    ),
    Mutant(
        name="retries-in-milliseconds",
        file="secretsync/retry.py",
        before="        return self.floor + chance() * max(0.0, top - self.floor)\n",
        after="        return min(0.005 * 2.0**failures, top)\n",
        bug="Errors are retried at millisecond speed (do not copy).",
        killer="unit/test_retry.py::test_chance_decides_between",
    ),
    Mutant(
        name="signal-handed-to-another-thread-unheard",
        file="secretsync/runtime/calls.py",
        before="        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)\n",
        after="",
        bug="SIGTERM that comes as the main thread begins to wait is not heard, and the process killed for not ending.",
        killer="unit/test_calls.py::test_a_signal_is_heard_though_the_main_thread_does_not_come_round",
    ),
    Mutant(
        name="one-worker-for-all-hosts",
        file="secretsync/runtime/driver.py",
        before="            self._workers[effect.host] = Workers(self._limit(effect.host), ",
        after='            self._workers[effect.host] = self._workers.setdefault("", Workers(1, name="all"))\n'
        "            Workers(self._limit(effect.host), ",
        bug="One host that hangs stalls every object (do not copy: #2831; kmssecret-29).",
        killer="unit/test_driver.py::test_a_hanging_host_delays_nothing_of_another",
    ),
    Mutant(
        name="worker-keeps-what-it-did",
        file="secretsync/runtime/workers.py",
        before="            mine = None  #",
        after="            pass  #",
        bug="The values of the last answer stay in memory for as long as nobody asks anything.",
        killer="unit/test_workers.py::test_a_job_that_is_done_is_let_go_of",
    ),
    Mutant(
        name="workers-take-turns",
        file="secretsync/runtime/workers.py",
        before="                way = self._idle.pop()\n",
        after="                way = self._idle.pop(0)\n",
        bug="Each poll wakes the thread whose memory has gone cold longest.",
        killer="unit/test_workers.py::test_who_waits_the_shortest_has_the_next_job",
    ),
    Mutant(
        name="host-that-hangs-holds-up-the-end",
        file="secretsync/runtime/workers.py",
        before="name=self._name, daemon=True)",
        after="name=self._name, daemon=False)",
        bug="A program that uses the library ends half a minute late because a host hangs.",
        killer="unit/test_sdk_open.py::test_a_program_that_ends_waits_for_no_host_that_hangs",
    ),
    Mutant(
        name="no-http-time-out",
        file="secretsync/http/client.py",
        before='{"connect": connect, "read": read, "write": read, "pool": connect}',
        after='{"connect": connect, "read": None, "write": read, "pool": connect}',
        bug="A silent server holds a request for ever (do not copy: #2831).",
        killer="unit/test_http.py::test_a_silent_server_is_left_at_the_read_timeout",
    ),
    Mutant(
        name="stop-leaves-writes-behind",
        file="secretsync/runtime/driver.py",
        before="        wait(self._writes)\n",
        after="",
        bug="A write takes effect after the Lease was given back.",
        killer="unit/test_driver.py::test_closing_waits_for_a_write_but_not_for_a_read",
    ),
    Mutant(
        name="writes-wait-by-themselves",
        file="secretsync/reconcile/writes.py",
        before="            run.down += (perform.host,) if result.scope is Scope.HOST else ()\n",
        after="",
        bug="After an outage of the API server an object waits for its own long back-off although the server is there.",
        killer="unit/test_runs.py::test_a_write_waits_for_its_host_no_longer_than_for_the_next_try_of_it",
    ),
    Mutant(
        name="reports-wait-by-themselves",
        file="secretsync/reconcile/reports.py",
        before="            return max(now, self._hosts.host(pending.host).retry_at)\n",
        after="            pass\n",
        bug="A status that was tried often while the API server was gone is written minutes after it is back.",
        killer="unit/test_runs.py::test_a_report_waits_for_its_host_no_longer_than_for_the_next_try_of_it",
    ),
)
