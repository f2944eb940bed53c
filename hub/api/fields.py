"""Types of fields that several bodies share."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Version = Annotated[int, Meta(ge=1, le=2_147_483_647)]
Reason = Annotated[str, Meta(max_length=2_000)]
# In Python a bare $ lets a line break follow; with (?!\n) it means in all languages what it says.
Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$(?!\n)")]
