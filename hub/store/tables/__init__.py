"""The declared tables. Migrations must build exactly these (a test compares the two).

Truth lives here; names, texts, contacts and photos lie in erasable tables (``item_text``,
``case_message``, ``photo``), everything else may be kept when a person is erased.
"""

from hub.store.tables.base import metadata
from hub.store.tables.broadcasts import broadcast, delivery
from hub.store.tables.cases import allowed_move, case_message, work_case
from hub.store.tables.facts import fact, outbox
from hub.store.tables.intake import (
    account_secret,
    account_state,
    idempotency,
    item,
    item_account,
    item_key,
    item_label,
    item_text,
    photo,
    push,
    quarantine,
)
from hub.store.tables.models import model_promotion, model_version, model_worker
from hub.store.tables.people import staff_grant, staff_session, staff_user
from hub.store.tables.places import area, place
from hub.store.tables.rulebooks import config_version

__all__ = [
    "account_secret",
    "account_state",
    "allowed_move",
    "area",
    "broadcast",
    "case_message",
    "config_version",
    "delivery",
    "fact",
    "idempotency",
    "item",
    "item_account",
    "item_key",
    "item_label",
    "item_text",
    "metadata",
    "model_promotion",
    "model_version",
    "model_worker",
    "outbox",
    "photo",
    "place",
    "push",
    "quarantine",
    "staff_grant",
    "staff_session",
    "staff_user",
    "work_case",
]
