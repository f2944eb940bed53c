"""The platforms, one folder each."""
