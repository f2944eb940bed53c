"""The gate: the one way out to other servers."""
