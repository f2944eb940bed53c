"""The meter: structured logs and metrics; no secret and no person's text goes through here."""
