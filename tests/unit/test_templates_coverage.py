"""That the golden cases cover the language: each kind of node, function, verb, flag and error at least ten times."""

import golden
import golden_coverage


def test_everything_of_the_language_is_in_ten_cases() -> None:
    found = golden_coverage.counted()
    rare = {
        name: count for counts in found.values() for name, count in counts.items() if count < golden_coverage.ENOUGH
    }
    assert not rare, "\n".join(golden_coverage.table(found))
    assert len(found["Sprig's functions"]) == 208


def test_there_are_thousands_of_golden_cases() -> None:
    assert sum(1 for _ in golden.cases("cases")) >= 3000
