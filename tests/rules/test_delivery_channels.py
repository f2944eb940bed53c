"""`bigear check` says plainly which ways of delivery there are, and which address is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.model.rulebook import rulebook
from hub.rules.bookcheck import check
from hub.rules.books import read_document

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.mark.parametrize(
    ("delivery", "code", "words"),
    [
        ({"channel": "email", "address": "a@example.org"}, "agency.delivery", "is not built"),
        ({"channel": "webhok"}, "agency.delivery", "did you mean 'webhook'"),
        ({"channel": "webhook"}, "agency.address", "http or https"),
        ({"channel": "webhook", "address": "ftp://x"}, "agency.address", "http or https"),
        ({"channel": "webhook", "address": "https://agency.example/cases"}, None, ""),
    ],
)
def test_a_delivery_that_cannot_work_is_found(
    delivery: dict[str, Any], code: str | None, words: str
) -> None:
    document, findings = read_document(CONFIG)
    assert findings == []
    document["agencies"][0]["delivery"] = delivery
    found = check(rulebook(document))
    assert [finding.code for finding in found] == ([code] if code else [])
    assert all(words in finding.message for finding in found)
