"""Big Ear: the hub through which a city listens and answers."""

__version__ = "0.1.0"
