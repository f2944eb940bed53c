"""Big Ear: the hub through which a city listens and answers."""
