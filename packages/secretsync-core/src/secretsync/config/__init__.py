"""What people write, as typed values: YAML or JSON in, frozen attrs classes out, every problem at once.

    seed.yaml:7:5: projects[0].slugg: unknown key, did you mean "slug"?
    seed.yaml:9:16: identities[0].universal.ttl: expected a whole number, got text

`document` composes the text into a `tree` that remembers places, `structure` reads the tree by the types of the
target's fields. Scalars stay text until a field says what they are, hence `yes`, `0644` and `1:30` survive as text.

The walk is our own and not cattrs'. On a converter of cattrs the same reading takes nearly half as much code again: its
structuring of lists, mappings and classes expects plain objects, so each needs a hook that checks the node first; keys
given twice, nothing for a default and hidden keys are ours either way; and its exception groups must become problems.

No problem shows a value: a file that is wrong in one place may hold a secret in that very place.
"""

from .lenient import Style, load_leniently
from .loading import load, load_file, read_text, structure
from .structure import Check, Flaw, Kind
from .tree import Scalar

__all__ = ["Check", "Flaw", "Kind", "Scalar", "Style", "load", "load_file", "load_leniently", "read_text", "structure"]
