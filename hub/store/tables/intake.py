"""What came in: items, their keys and labels, their erasable texts, and the accounts they came by."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hub.model.kinds import CASE_KINDS, MARKS, STAGES
from hub.store.tables.base import identity, metadata, moment, one_of

item = Table(
    "item",
    metadata,
    identity(),
    # What people call it: public, unguessable. "C": its index answers how it begins, in any locale.
    Column("ref", Text(collation="C"), nullable=False, unique=True),
    Column("secret_digest", LargeBinary),  # SHA-256 of the private link's secret
    Column("kind", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("account", Text),  # the city's account it reached first; all are in item_account
    Column("mark", Text),
    Column("stage", Text, nullable=False, server_default="received"),
    Column("attempts", Integer, nullable=False, server_default="0"),  # failures in this stage
    moment("retry_at"),  # not before, after a failure
    Column("language_hint", Text),
    Column("thread", Text),
    Column("parent", Text),
    Column("version", Integer, nullable=False, server_default="1"),
    moment("created_at", nullable=False),  # when it was written, as the platform says
    moment("received_at", now=True),
    Column("content_digest", LargeBinary),  # source, text and place: the ten-minute double
    Column("text_digest", Text, nullable=False),
    Column("point", Geometry("POINT", srid=4326, spatial_index=False)),
    Column("point_given", Boolean, nullable=False, server_default="false"),
    Column("area", Text),
    Column("district", Text),
    Column("previous_district", Text),  # where an edit took it from: its pages are told too
    Column("approximate", Boolean, nullable=False, server_default="false"),
    Column("placeless", Boolean, nullable=False, server_default="false"),
    Column("located_how", Text),
    Column("candidates", JSONB, nullable=False, server_default="[]"),
    moment("deleted_at"),  # deleted on its platform
    moment("erased_at"),
    one_of("kind", CASE_KINDS),
    one_of("stage", STAGES),
    one_of("mark", MARKS),
    Index("ix_item_unfinished", "stage", "id", postgresql_where=text("stage <> 'routed'")),
    Index("ix_item_point", "point", postgresql_using="gist"),
    Index("ix_item_content_digest", "content_digest", "received_at"),
    Index("ix_item_district", "district", "id"),
    Index("ix_item_mark", "mark", postgresql_where=text("mark IS NOT NULL")),
)

# Narrow and never partitioned: the uniqueness of (platform, external id) must hold for ever.
item_key = Table(
    "item_key",
    metadata,
    Column("platform", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("item_id", BigInteger, ForeignKey("item.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("platform", "external_id"),
    Index("ix_item_key_item_id", "item_id"),
)

item_account = Table(
    "item_account",
    metadata,
    Column("item_id", BigInteger, ForeignKey("item.id", ondelete="CASCADE"), nullable=False),
    Column("account", Text, nullable=False),
    PrimaryKeyConstraint("item_id", "account"),
)

item_text = Table(
    "item_text",
    metadata,
    Column("item_id", BigInteger, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("text", Text, nullable=False),
    Column("place", Text),  # where, in the reporter's own words
    Column("author_id", Text),
    Column("author_name", Text),
    Column("contact_name", Text),
    Column("contact_email", Text),
    Column("contact_phone", Text),
    Column("url", Text),
    Column("raw", JSONB, nullable=False, server_default="{}"),
    Index("ix_item_text_author_id", "author_id"),
    Index(
        "ix_item_text_search",
        "text",
        postgresql_using="gin",
        postgresql_ops={"text": "gin_trgm_ops"},
    ),
)

item_label = Table(
    "item_label",
    metadata,
    Column("item_id", BigInteger, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("item_version", Integer, nullable=False),  # whose text they are of
    Column("service", Text, nullable=False),
    Column("service_confidence", Double, nullable=False),
    Column("intent", Text, nullable=False),
    Column("intent_confidence", Double, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("urgency_confidence", Double, nullable=False),
    Column("language", Text, nullable=False),
    Column("language_confidence", Double, nullable=False),
    Column("places", JSONB, nullable=False, server_default="[]"),
    Column("abstain", Boolean, nullable=False),
    Column("model", Text, nullable=False),
    Column("alternatives", JSONB, nullable=False, server_default="[]"),
    # What the model said, and why: they stay together when a person chooses another service.
    Column("model_service", Text, nullable=False),
    Column("reasons", JSONB, nullable=False, server_default="[]"),
    Column("abuse", Text),  # null: the model does not judge it
    Column("abuse_confidence", Double),
    # Head → which text a person said it of, and what stood before (``hub.store.cases``).
    Column("corrected", JSONB, nullable=False, server_default="{}"),
    moment("labelled_at", now=True),
    Index("ix_item_label_corrected", "item_id", postgresql_where=text("corrected <> '{}'")),
)

photo = Table(
    "photo",
    metadata,
    identity(),
    Column("token", Text, nullable=False, unique=True),  # what the uploader holds
    Column("sha256", Text, nullable=False, index=True),  # the file's name under the home
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("item_id", BigInteger, ForeignKey("item.id", ondelete="CASCADE"), index=True),
    Column("number", Integer),  # its place among the item's photos, from 1
    moment("created_at", now=True),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_digest", LargeBinary, primary_key=True),  # SHA-256 of the client's key
    Column("body_digest", LargeBinary, nullable=False),
    # The answer holds the private link, so it is sealed with a key derived from the client's own
    # idempotency key, which is stored nowhere: another reader of this row learns nothing.
    Column("answer", LargeBinary, nullable=False),
    moment("created_at", now=True),
)

quarantine = Table(
    "quarantine",
    metadata,
    identity(),
    Column("platform", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("raw_digest", LargeBinary, nullable=False),  # SHA-256: the same again is only counted
    Column("times", Integer, nullable=False, server_default="1"),
    moment("received_at", now=True),
    moment("last_at", now=True),
    UniqueConstraint("account", "code", "raw_digest"),
)

push = Table(
    "push",
    metadata,
    Column("account", Text, primary_key=True),
    Column("signature", Text, primary_key=True),  # kept while it would still be accepted
    moment("received_at", now=True),
)

account_state = Table(
    "account_state",
    metadata,
    Column("account", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False, server_default="false"),
    Column("settings", JSONB, nullable=False, server_default="{}"),
    Column("cursor", JSONB),
    Column("health", Text, nullable=False, server_default="disabled"),
    Column("error_code", Text),
    Column("error_text", Text),
    moment("last_item_at"),
    moment("last_ok_at"),
    moment("last_error_at"),
    moment("changed_at", now=True),
    Column("unsupported", BigInteger, nullable=False, server_default="0"),
    one_of(
        "health",
        (
            "starting",
            "connecting",
            "backfilling",
            "connected",
            "transient_disconnect",
            "rate_limited",
            "bad_credentials",
            "unknown_error",
            "disabled",
        ),
    ),
)

account_secret = Table(
    "account_secret",
    metadata,
    Column("account", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    moment("changed_at", now=True),
)
