"""The mail room: one folder a platform under ``platforms``; none of them sees another. ``scaffold`` is
what a new one is copied from."""
