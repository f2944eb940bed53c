"""Nouns: frozen types without I/O."""
