"""Functions of Sprig as a template of the agent has them: what Sprig 3.3.0 returns, down to the bytes (agent §8.2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import AgentLine

VECTORS = [
    (r'{{ quote "a\"b" nil 1 }}', b'"a\\"b" "1"'),
    (r"""{{ squote "it's" 2 }}""", b"'it's' '2'"),
    (r'{{ toJson (dict "b" "<&>" "a" 1) }}', rb'{"a":1,"b":"\u003c\u0026\u003e"}'),
    (r'{{ toRawJson (dict "b" "<&>" "a" 1) }}', b'{"a":1,"b":"<&>"}'),
    (r'{{ b64enc "hello" }} {{ b64dec "aGVsbG8=" }} {{ b64dec "!" }}', b"aGVsbG8= hello illegal base64 data at input byte 0"),
    (r'{{ indent 2 "a\nb" }}', b"  a\n  b"),
    (r'{{ nindent 1 "a" }}', b"\n a"),
    (r'{{ default "x" "" }}{{ default "x" "y" }}{{ default "x" 0 }}{{ default "z" nil }}', b"xyxz"),
    (r'{{ trunc 3 "hello" }} {{ trunc -3 "hello" }} {{ trunc 9 "hi" }}', b"hel llo hi"),
    (r'{{ trunc 1 "é" }}', b"\xc3"),
    (r'{{ ternary "a" "b" true }}{{ false | ternary "a" "b" }}', b"ab"),
    (r'{{ atoi "7x" }} {{ get (dict "a" 1) "b" }}|', b"0 |"),
]  # fmt: skip


@pytest.mark.row("agent-74")
def test_every_function_returns_what_sprig_returns(tmp_path: Path) -> None:
    with AgentLine(tmp_path, {"/": {"A": "1"}}) as line:
        line.start(templates=[line.template(text, f"f{n}", n) for n, (text, _) in enumerate(VECTORS, 1)])
        got = [(text, (tmp_path / f"f{n}").read_bytes()) for n, (text, _) in enumerate(VECTORS, 1)]
    assert got == VECTORS
