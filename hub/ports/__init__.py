"""Sockets: protocols where several real things plug in."""
