"""The mail room: one folder a platform under ``platforms``; none of them sees another."""
