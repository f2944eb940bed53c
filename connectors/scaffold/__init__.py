"""Scaffold: what `bigear new connector NAME` copies. It works as it is: a JSON list, polled."""
