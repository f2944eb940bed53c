"""Who somebody is: roles bound to agencies, and the principal that every permission is asked of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["agent", "supervisor", "broadcaster", "approver", "analyst", "admin"]
ROLES: tuple[str, ...] = ("agent", "supervisor", "broadcaster", "approver", "analyst", "admin")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, in one agency, or (``agency`` None) in all of them."""

    role: str
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person, with the grants of this moment."""

    user_id: int
    login: str
    name: str
    grants: tuple[Grant, ...]
    session_id: str = ""
    must_change_password: bool = False

    @property
    def actor(self) -> str:
        """How facts name this person: ``user:<id>``; the name itself stays erasable."""
        return f"user:{self.user_id}"

    def has(self, *roles: str) -> bool:
        """Whether any grant, in whatever agency, carries one of the roles."""
        return any(grant.role in roles for grant in self.grants)

    def has_in(self, agency: str | None, *roles: str) -> bool:
        """Whether one of the roles is held in this agency (or in all)."""
        return any(
            grant.role in roles and (grant.agency is None or grant.agency == agency)
            for grant in self.grants
        )


SYSTEM = "system"
"""The actor of what the hub does by itself."""
REPORTER = "reporter"
"""The actor of what the holder of a private link does."""
