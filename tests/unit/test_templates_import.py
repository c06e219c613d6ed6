"""What `import secretsync.templates` loads: nothing of others, and nothing that is slow to load."""

import json
import subprocess
import sys

PROGRAM = f"""
import json, sys
sys.path[:] = {sys.path!r}
import secretsync.templates
print(json.dumps(sorted(sys.modules)))
"""
SLOW = frozenset(["asyncio", "dataclasses", "difflib", "inspect", "logging", "socket", "unicodedata", "urllib"])


def test_the_templates_load_only_what_they_need() -> None:
    # -S skips .pth files, which import things of their own.
    done = subprocess.run([sys.executable, "-S", "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=60)
    loaded = json.loads(done.stdout)
    roots = {name.partition(".")[0] for name in loaded}
    assert roots - set(sys.stdlib_module_names) - {"__main__"} == {"secretsync"}
    assert roots & SLOW == set()
    ours = {name for name in loaded if name.startswith("secretsync.") and "templates" not in name}
    assert ours == {"secretsync.errors"}
