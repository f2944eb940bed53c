"""How many open cases each agency has in each state: exact totals, folded from facts by version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hub.model.cases import CaseRecord
from hub.model.views import CountView
from hub.store.reading import OPEN_STATES

_Key = tuple[str | None, str]


class Counts:
    """Remembers where each open case lies, so that seeing the same change twice counts once."""

    def __init__(self, open_cases: Iterable[tuple[int, int, str | None, str]]) -> None:
        self._where: dict[int, tuple[int, _Key]] = {
            case_id: (version, (agency, state)) for case_id, version, agency, state in open_cases
        }
        self._totals: Counter[_Key] = Counter(key for _, key in self._where.values())

    def fold(self, cases: Iterable[CaseRecord], gone: Iterable[int] = ()) -> bool:
        """Take in newer records, and cases that no longer exist; True if a total changed."""
        before = dict(self._totals)
        for case in cases:
            known = self._where.get(case.id)
            if case.mark is not None or (known and known[0] >= case.version):
                continue
            self._forget(case.id)
            if case.state in OPEN_STATES:
                key = (case.agency, case.state)
                self._where[case.id] = (case.version, key)
                self._totals[key] += 1
        for case_id in gone:
            self._forget(case_id)
        return before != self._totals

    def _forget(self, case_id: int) -> None:
        known = self._where.pop(case_id, None)
        if known is not None:
            self._totals[known[1]] -= 1
            if not self._totals[known[1]]:
                del self._totals[known[1]]

    def views(self) -> list[CountView]:
        """All totals above zero."""
        return [
            CountView(agency, state, total)
            for (agency, state), total in sorted(
                self._totals.items(), key=lambda entry: (entry[0][0] or "", entry[0][1])
            )
        ]
