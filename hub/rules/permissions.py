"""Who may do what: the one place that decides, for HTTP and websocket alike.

Every route and every topic names an action of ``ACTIONS``; an action that is not there is a fault of
the program and fails loudly.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.model.people import Principal


@dataclass(frozen=True, slots=True)
class Rule:
    """Who holds an action: ``public`` everybody, ``staff`` any signed-in person, else ``roles``.

    ``scoped``: the role must be held in the agency that the thing lies with; what lies with no agency
    (triage) is open to the role wherever it is held. ``key``: the holder of the case's private link.
    """

    roles: tuple[str, ...] = ()
    public: bool = False
    staff: bool = False
    scoped: bool = False
    key: bool = False


_WORKERS = ("agent", "supervisor", "admin")

ACTIONS: dict[str, Rule] = {
    # everybody
    "public.read": Rule(public=True),
    "session.open": Rule(public=True),
    "complaint.send": Rule(public=True),
    "hook.push": Rule(public=True),  # the signature is checked by the connector
    # the holder of a private link
    "complaint.follow": Rule(key=True),
    # any signed-in person
    "session.own": Rule(staff=True),
    # cases
    "case.work": Rule(_WORKERS, scoped=True),
    "case.read": Rule((*_WORKERS, "analyst"), scoped=True),
    "case.list": Rule((*_WORKERS, "analyst")),
    "person.erase": Rule(("admin",), scoped=True),
    "counts.read": Rule((*_WORKERS, "analyst")),
    "people.read": Rule(("supervisor", "admin", "agent")),
    # broadcasts
    "broadcast.read": Rule(("broadcaster", "approver", "admin")),
    "broadcast.write": Rule(("broadcaster",)),
    "broadcast.approve": Rule(("approver",)),
    "broadcast.cancel": Rule(("broadcaster", "approver")),
    # the house
    "account.read": Rule(("supervisor", "analyst", "admin")),
}


def agencies_of(who: Principal, action: str) -> tuple[str, ...] | None:
    """The agencies in which ``who`` holds a role that ``action`` asks for; None: in all of them."""
    held = {grant.agency for grant in who.grants if grant.role in ACTIONS[action].roles}
    return None if None in held else tuple(sorted(filter(None, held)))


def may(
    who: Principal | None, action: str, *, agency: str | None = None, has_key: bool = False
) -> bool:
    """Whether ``who`` may do ``action`` on something that lies with ``agency``.

    Raises KeyError for an action that is not declared. Somebody who must change their password may
    only do what is public or their own session's.
    """
    rule = ACTIONS[action]
    if rule.public or (rule.key and has_key):
        return True
    if who is None:
        return False
    if rule.staff:
        return True
    if who.must_change_password:
        return False
    if rule.scoped and agency is not None:
        return who.has_in(agency, *rule.roles)
    return who.has(*rule.roles)
