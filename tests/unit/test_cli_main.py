"""`secretsync`: sub-commands by entry point, only the called one loaded; errors become lines and exit statuses."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from importlib.metadata import EntryPoint

import pytest

from secretsync.cli.command import Command
from secretsync.cli.main import GROUP, main, run
from secretsync.errors import CredentialsNotFound, InvalidInput


class Entry:
    """An entry point that says when it is loaded."""

    def __init__(self, name: str, do: Callable[[Namespace], int]) -> None:
        self.name = name
        self.module = f"commands.{name}"
        self.loaded = False
        self._do = do

    def load(self) -> Command:
        self.loaded = True
        return Command(self.name, f"help of {self.name}", self._configure, self._do)

    def _configure(self, parser: ArgumentParser) -> None:
        parser.add_argument("--long-option", type=int, default=0)


def do(do_it: Callable[[Namespace], int]) -> dict[str, EntryPoint]:
    return {"one": Entry("one", do_it), "two": Entry("two", lambda _: 0)}  # type: ignore[dict-item]


def fail(error: BaseException) -> Callable[[Namespace], int]:
    def failing(_: Namespace) -> int:
        raise error

    return failing


def test_only_the_called_command_is_loaded() -> None:
    entries = do(lambda args: args.long_option)
    assert run(["one", "--long-option", "7"], entries) == 7
    assert [entry.loaded for entry in entries.values()] == [True, False]  # type: ignore[attr-defined]


def test_help_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(["--help"], do(lambda _: 0))
    out = capsys.readouterr().out
    assert caught.value.code == 0
    assert "help of one" in out
    assert "help of two" in out


@pytest.mark.parametrize(
    ("error", "status", "lines"),
    [
        (InvalidInput(["a:1:2: x", "a:2:1: y"]), 2, "a:1:2: x\na:2:1: y\n"),
        (CredentialsNotFound("no key clientId"), 1, "secretsync: no key clientId\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_are_lines_and_statuses(
    capsys: pytest.CaptureFixture[str], error: BaseException, status: int, lines: str
) -> None:
    assert run(["one"], do(fail(error))) == status
    assert capsys.readouterr() == ("", lines)


@pytest.mark.parametrize("args", [[], ["three"], ["one", "--long-opt", "7"], ["one", "--long-option", "x"]])
def test_wrong_usage_is_status_two(capsys: pytest.CaptureFixture[str], args: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(args, do(lambda _: 0))
    assert caught.value.code == 2
    assert "usage: secretsync" in capsys.readouterr().err


def test_a_command_that_does_not_import_spoils_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    broken = {"bad": EntryPoint("bad", "secretsync.no_such_module:command", GROUP), **do(lambda _: 0)}
    assert run(["one"], broken) == 0
    with pytest.raises(SystemExit):
        run(["--help"], broken)
    assert "help of two" in capsys.readouterr().out
    assert run(["bad"], broken) == 1
    assert capsys.readouterr().err == (
        "secretsync: bad cannot be loaded: secretsync.no_such_module is missing or does not import\n"
    )


def test_the_package_s_own_commands_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["dev", "--help"])
    assert caught.value.code == 0
    assert "--seed FILE" in capsys.readouterr().out
