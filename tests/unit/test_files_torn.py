"""A file is whole at every moment: for who reads it while it is written, and when its writer is killed.

The writers are forked by a small program of their own, which has no threads and starts no interpreter for each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from disk import DIGEST, put
from secretsync.files.place import Files

KILLED = """
import json, os, random, signal, sys
sys.path[:0] = {path!r}
from pathlib import Path
from disk import DIGEST, put
from secretsync.files import target
from secretsync.files.place import Files

folder, kills = Path({folder!r}), {kills}
path = folder / "app.env"
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
chance = random.Random({seed})
letters = "abcdefgh"
whole = {{letter * 100_000 for letter in letters}}


def rewrite() -> None:
    files = Files(DIGEST, umask=0o022)
    while True:
        for letter in letters:
            os.write(tell, b".")
            put(files, path, letter * 100_000)


seen, left = set(), 0
for _ in range(kills):
    hear, tell = os.pipe()
    child = os.fork()
    if not child:
        try:
            rewrite()
        finally:
            os._exit(1)
    for _ in range(chance.randint(1, len(letters))):  # as far as it has got on a machine with other work
        os.read(hear, 1)
    signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0001, 0.004))
    try:
        signal.sigwait({{signal.SIGALRM}})
        os.kill(child, signal.SIGKILL)
    finally:
        status = os.waitpid(child, 0)[1]
    assert os.WTERMSIG(status) == signal.SIGKILL, status
    os.close(hear)
    os.close(tell)
    if path.exists():
        text = path.read_text()
        assert text in whole, (len(text), set(text))
        seen.add(text[0])
    left += len(list(folder.glob(".secretsync-*")))
    Files(DIGEST, umask=0).start([target(str(path))])
    assert {{one.name for one in folder.iterdir()}} <= {{"app.env"}}
print(json.dumps({{"seen": sorted(seen), "left": left}}))
"""


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: a thousand writes to a busy disk take minutes."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


def test_a_writer_that_is_killed_at_any_moment_leaves_the_old_file_or_the_new(quick):
    code = KILLED.format(path=sys.path, folder=str(quick), kills=200, seed=1)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=100)
    assert not ran.stderr, ran.stderr
    told = json.loads(ran.stdout)
    assert len(told["seen"]) > 4  # it was killed in the middle of things
    assert told["left"] > 1  # and while it wrote


READER = """
import os, sys
path, stop = sys.argv[1:]
sizes, reads = set(), 0
print("reading", flush=True)
while not os.path.exists(stop):
    with open(path, "rb") as file:
        text = file.read()
    assert len(text) == 50_000, len(text)
    assert len(set(text)) == 1, set(text)
    sizes.add(text[:1])
    reads += 1
print(reads, len(sizes))
"""


@pytest.mark.row("agent-41")
@pytest.mark.parametrize("linked", [False, True])
def test_a_reader_never_sees_a_part(quick, linked):
    real, stop = quick / "real" / "app.env", quick / "stop"
    path = quick / "link" if linked else real
    files = Files(DIGEST, umask=0o022)
    put(files, real, "x" * 50_000)
    if linked:
        path.symlink_to("real/app.env")
    reader = subprocess.Popen([sys.executable, "-c", READER, path, stop], stdout=subprocess.PIPE, text=True)
    assert reader.stdout
    assert reader.stdout.readline() == "reading\n"
    try:
        for n in range(1000):
            put(files, path, "abcdefghij"[n % 10] * 50_000)
    finally:
        stop.touch()
        said, _ = reader.communicate(timeout=30)
        files.close()
    reads, versions = map(int, said.split())
    assert reader.returncode == 0
    assert reads > 50
    assert versions > 5
