"""Keeping processes alive: started in order, restarted with patience, never left behind."""

from hub.supervise.child import Child, User, die_with_parent
from hub.supervise.lock import AlreadyRunning, hold
from hub.supervise.supervisor import StartFailed, Supervisor

__all__ = [
    "AlreadyRunning",
    "Child",
    "StartFailed",
    "Supervisor",
    "User",
    "die_with_parent",
    "hold",
]
