"""Verbs: one use case a module, one transaction each."""
