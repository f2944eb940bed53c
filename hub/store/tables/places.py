"""Where things are: the city's areas, and the gazetteer."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import Boolean, Column, Index, Table, Text

from hub.store.tables.base import identity, metadata, moment

area = Table(
    "area",
    metadata,
    Column("code", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name_ko", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("district", Text, nullable=False),  # the code of the district it lies in, or its own
    Column("point", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
    Column("shape", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)),
    Column("approximate", Boolean, nullable=False, server_default="false"),
    moment("changed_at", now=True),
    Index("ix_area_shape", "shape", postgresql_using="gist"),
)

place = Table(
    "place",
    metadata,
    identity(),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("area", Text),
    Column("point", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
    Column("source", Text, nullable=False),
    Index("ix_place_point", "point", postgresql_using="gist"),
    Index("ix_place_name", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
)
