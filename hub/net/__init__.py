"""The gate: the one way out to other servers, and what may be believed of who comes in."""
