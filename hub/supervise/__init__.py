"""Keeping processes alive: started in order, restarted with patience, never left behind."""

from hub.supervise.child import Child, User
from hub.supervise.lock import AlreadyRunning, hold
from hub.supervise.supervisor import StartFailed, Supervisor

__all__ = ["AlreadyRunning", "Child", "StartFailed", "Supervisor", "User", "hold"]
