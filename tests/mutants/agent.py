"""Bugs of the agent: files, tokens and commands that nobody asked for, and of the program that runs under it."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_APP: Final = "secretsync_agent/app.py"
_CAUTION: Final = "secretsync_agent/caution.py"
_CHILDREN: Final = "secretsync_agent/children.py"
_COMMANDS: Final = "secretsync_agent/commands.py"
_DEADMAN: Final = "secretsync_agent/deadman.py"
_RENDERING: Final = "secretsync_agent/rendering.py"
_REPORTS: Final = "secretsync_agent/reports.py"
_SUPERVISOR: Final = "secretsync_agent/supervisor.py"
_TARGETS: Final = "secretsync_agent/targets.py"
_WRITING: Final = "secretsync/files/writing.py"

AGENT: Final = (
    Mutant(
        name="digest-asked-at-an-age-of-its-own",
        file="secretsync_agent/functions.py",
        before="self._ask.digest(query, max_age=max_age)",
        after="self._ask.digest(query)",
        bug="A project's id is looked up at each poll, not once in five minutes.",
        killer="agent/test_agent_functions.py::test_a_projects_id_is_looked_up_once_in_five_minutes",
    ),
    Mutant(
        name="what-is-not-there-is-empty-text",
        file="secretsync_agent/functions.py",
        before='            raise found.why or NotFound(query.host, "read", "not found", status=NOT_FOUND)\n',
        after="            return StandIn()\n",
        bug="A secret that is gone leaves its place in a file empty (agent-50).",
        killer="agent/test_agent_polls.py::test_a_secret_that_is_not_there_is_an_error_with_its_status",
    ),
    Mutant(
        name="empty-list-empties-the-file",
        file=_CAUTION,
        before="        if not self.allow_empty and any(",
        after="        if False and any(",
        bug="Lost rights look like an empty folder, and every file made from it is emptied (agent-50).",
        killer="agent/test_agent_polls.py::test_an_empty_list_makes_an_empty_file_at_first_only",
    ),
    Mutant(
        name="shorter-list-believed-at-once",
        file=_CAUTION,
        before="        return now - self._doubted_at >= self.interval\n",
        after="        return True\n",
        bug="Lost rights to most of a folder are written into every file at the first look (agent-50).",
        killer="agent/test_agent_polls.py::test_many_secrets_that_vanish_are_believed_at_the_second_look",
    ),
    Mutant(
        name="doubted-list-left-to-its-polls",
        file=_APP,
        before="isinstance(error, NotFound | TemplateError | TargetInvalid)",
        after="isinstance(error, NotFound | TemplateError)",
        bug="After a list that was empty for a moment a file keeps credentials that are over until the next poll.",
        killer="agent/test_agent_polls.py::test_a_list_that_was_empty_for_a_moment_is_looked_at_again_soon",
    ),
    Mutant(
        name="failing-template-left-to-its-polls",
        file=_APP,
        before="isinstance(error, NotFound | TemplateError | TargetInvalid)",
        after="isinstance(error, NotFound | TargetInvalid)",
        bug="A template that was put right is rendered minutes later (agent §7: after 30 s).",
        killer="agent/test_agent_polls.py::test_a_template_that_fails_is_looked_at_again_soon",
    ),
    Mutant(
        name="no-calm-before-a-write",
        file=_CAUTION,
        before="            if self._restless(made, ask):\n",
        after="            if False:\n",
        bug="A file is written in the midst of a change, and again after it.",
        killer="agent/test_agent_polls.py::test_a_change_waits_for_calm_and_not_for_ever",
    ),
    Mutant(
        name="calm-waited-for-without-end",
        file=_CAUTION,
        before=" and now - self._restless_since < self.wait.max\n",
        after="\n",
        bug="A folder that never rests is never written.",
        killer="agent/test_agent_polls.py::test_a_change_waits_for_calm_and_not_for_ever",
    ),
    Mutant(
        name="file-written-in-place",
        file=_WRITING,
        before="        return _replace(real, data, form, old)\n",
        after="        return _overwrite(real, data, form) if old else _replace(real, data, form, old)\n",
        bug="Who reads a file just then sees a part of it (do not copy: truncated in place; agent-41).",
        killer="unit/test_files.py::test_a_file_is_created_and_rewritten_as_another_file",
    ),
    Mutant(
        name="file-locked-by-a-failed-write",
        file=_WRITING,
        before="        _sync(folder)\n    except BaseException:\n        os.close(descriptor)\n",
        after="        _sync(folder)\n    except BaseException:\n",
        bug="After a fault of the disk the agent takes its own file for another process's, for ever.",
        killer="unit/test_files.py::test_a_folder_that_cannot_be_synced_leaves_no_file_locked",
    ),
    Mutant(
        name="failed-write-leaves-its-half",
        file=_WRITING,
        before="            _fill(descriptor, before)  # takes no more room than it had\n",
        after="            pass\n",
        bug="A full disk leaves half of a file that cannot be replaced.",
        killer="unit/test_files_mounts.py::test_a_full_disk_below_a_mounted_file_has_its_text_written_back",
    ),
    Mutant(
        name="sink-before-login",
        file=_TARGETS,
        before="        return () if isinstance(token, Absent) else (_file(",
        after='        return (_file(self.sink.path, SecretValue(""), self.sink.placing),) if isinstance(token, Absent) else (_file(',
        bug="A sink is emptied while there is no token.",
        killer="agent/test_agent_harm.py::test_without_a_token_a_sink_is_left_as_it_is",
    ),
    Mutant(
        name="secret-file-removed-before-the-login",
        file="secretsync_agent/traffic.py",
        before='    if response.status != OK or not isinstance(body, dict) or not body.get("accessToken"):\n',
        after="    if not isinstance(body, dict):\n",
        bug="The only copy of a client secret is removed though the login failed (do not copy: B13; agent-14).",
        killer="agent/test_agent_tokens.py::test_the_file_of_a_secret_stays_when_the_login_fails",
    ),
    Mutant(
        name="token-file-of-rubbish-adopted",
        file=_APP,
        before="            if is_text(token.reveal()) and token.reveal():  # what could not be sent is no token\n",
        after="            if True:\n",
        bug="What stands in a sink is sent as a token, whatever it is.",
        killer="agent/test_agent_tokens.py::test_what_cannot_be_a_token_is_not_taken_for_one",
    ),
    Mutant(
        name="time-stands-still-for-ever",
        file=_RENDERING,
        before="            if self.still.used and self._inputs:\n",
        after="            if False:\n",
        bug="A file that is written anew keeps the time and the random texts of its first rendering (agent-33).",
        killer="agent/test_agent_polls.py::test_time_and_chance_stand_still_while_the_answers_do",
    ),
    Mutant(
        name="dry-run-writes",
        file=_APP,
        before="self._dry.files if self._dry else self._files",
        after="self._files",
        bug="A look at what would change changes it.",
        killer="agent/test_agent_harm.py::test_a_dry_run_writes_nothing",
    ),
    Mutant(
        name="command-runs-at-the-first-rendering",
        file=_REPORTS,
        before="(template.first_command if first else written)",
        after="written",
        bug="A restart of the agent reloads every program (Q1; agent-30).",
        killer="agent/test_agent_polls.py::test_whether_the_command_runs_at_first[False-0]",
    ),
    Mutant(
        name="command-runs-without-a-change",
        file=_REPORTS,
        before="(template.first_command if first else written)",
        after="(template.first_command if first else True)",
        bug="A command runs after an outage though its file stayed the same (agent-28).",
        killer="agent/test_agent_harm.py::test_an_outcome_without_a_write_runs_no_command",
    ),
    Mutant(
        name="command-runs-twice",
        file=_COMMANDS,
        before="            self._pause(TOGETHER)\n",
        after="            pass\n",
        bug="Files that change together run their command once each (do not copy: each template runs its own).",
        killer="agent/test_agent_commands.py::test_equal_commands_of_one_pass_run_once",
    ),
    Mutant(
        name="change-during-a-command-lost",
        file=_COMMANDS,
        before="""\
            with self._lock:
                self._wanted.discard(command)
            self._execute(command)
""",
        after="""\
            self._execute(command)
            with self._lock:
                self._wanted.discard(command)
""",
        bug="What changes while a command runs is never told to its program.",
        killer="agent/test_agent_commands.py::test_what_comes_while_it_runs_runs_once_more",
    ),
    Mutant(
        name="grandchildren-outlive-a-time-out",
        file=_CHILDREN,
        before="start_new_session=True)  # noqa: S603 - as configured",
        after="start_new_session=False)",
        bug="A command's time-out ends its shell, and what that started goes on (do not copy: B28; agent-43).",
        killer="agent/test_agent_commands.py::test_a_time_out_ends_the_whole_group",
    ),
    Mutant(
        name="credentials-inherited-all-the-same",
        file=_CHILDREN,
        before="if name not in hidden}",
        after="}",
        bug="A command that is not to log in can (agent-45).",
        killer="agent/test_agent_commands.py::test_what_a_command_inherits",
    ),
    Mutant(
        name="program-before-everything-is-there",
        file=_APP,
        before="        if not self.reports.complete:\n",
        after="        if False:\n",
        bug="A program starts without some of its files and variables.",
        killer="agent/test_agent_wanted.py::test_a_program_is_wanted_once_everything_has_been_right_and_by_what_it_runs_with",
    ),
    Mutant(
        name="program-waits-through-an-outage",
        file=_REPORTS,
        before="        return self._once_right >= self.things.keys()\n",
        after="        return self.all_right\n",
        bug="While one of its secrets cannot be read, a program hears nothing of the others.",
        killer="agent/test_agent_wanted.py::test_a_program_is_wanted_once_everything_has_been_right_and_by_what_it_runs_with",
    ),
    Mutant(
        name="variable-missing-when-it-comes-back",
        file=_APP,
        before="        self._driver.send(Moved(Observe(ref), NO_VERSION))",
        after="        pass",
        bug="A variable that left the configuration and comes back is missing.",
        killer="agent/test_agent_wanted.py::test_what_a_program_runs_with_changes_with_the_configuration",
    ),
    Mutant(
        name="two-programs-at-once",
        file=_SUPERVISOR,
        before="            self._end(self._child, now)\n            return\n",
        after="            self._end(self._child, now)\n            self._begin()\n            return\n",
        bug="After a change another program begins before the old one has ended.",
        killer="agent/test_agent_supervisor.py::test_changes_that_come_together_are_one_and_wait_for_the_splay",
    ),
    Mutant(
        name="change-of-a-variable-by-signal",
        file=_SUPERVISOR,
        before="(wanted.variables != told.variables or not program.reload_signal)",
        after="not program.reload_signal",
        bug="A program goes on with an old password in its environment, and is told that files have changed.",
        killer="agent/test_agent_supervisor.py::test_how_it_hears_of_a_change",
    ),
    Mutant(
        name="change-told-twice",
        file=_SUPERVISOR,
        before="        self._told = wanted\n        reload",
        after="        reload",
        bug="A program is told of one change again and again.",
        killer="agent/test_agent_supervisor.py::test_how_it_hears_of_a_change",
    ),
    Mutant(
        name="program-that-ended-is-started-again",
        file=_SUPERVISOR,
        before="self._begin() if was_asked and not self.stopping else code",
        after="self._begin() if not self.stopping else code",
        bug="A program that crashes is restarted without end, and nobody hears its exit code.",
        killer="agent/test_agent_supervisor.py::test_one_that_ends_by_itself_ends_the_agent_whatever_has_changed",
    ),
    Mutant(
        name="program-started-while-stopping",
        file=_SUPERVISOR,
        before="self._begin() if was_asked and not self.stopping else code",
        after="self._begin() if was_asked else code",
        bug="The exit code of a program that was asked to end is lost.",
        killer="agent/test_agent_supervisor.py::test_a_stop_during_a_restart_gives_no_more_time_and_starts_nothing",
    ),
    Mutant(
        name="stubborn-program-waited-for",
        file=_SUPERVISOR,
        before="        self.wake_at = FOREVER\n        self.kill()\n",
        after="        self.wake_at = FOREVER\n",
        bug="A program that does not end in its time keeps the agent from ending.",
        killer="agent/test_agent_supervisor.py::test_one_that_does_not_end_in_its_time_is_killed_once",
    ),
    Mutant(
        name="program-leaves-others-behind",
        file=_SUPERVISOR,
        before="        if not child.remains():\n",
        after="        if True:\n",
        bug="What a program has started outlives it, and holds the ports of its successor.",
        killer="agent/test_agent_supervisor.py::test_what_it_leaves_behind_is_asked_to_end_and_then_killed",
    ),
    Mutant(
        name="program-outlives-a-killed-agent",
        file=_CHILDREN,
        before='        guard.stdin.write(b"%d\\n" % target)\n',
        after="        pass\n",
        bug="An agent that is killed leaves its program behind, with nobody to keep its files right.",
        killer="agent/test_agent_children.py::test_it_ends_though_nobody_is_left_to_end_it",
    ),
    Mutant(
        name="stubborn-program-outlives-a-killed-agent",
        file=_DEADMAN,
        before="    os.killpg(abs(target), signal.SIGKILL)\n",
        after="    pass\n",
        bug="A program that minds no signal outlives an agent that is killed.",
        killer="agent/test_agent_children.py::test_it_ends_though_nobody_is_left_to_end_it",
    ),
)
