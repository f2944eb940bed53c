"""The front door: HTTP, for pages, apps, webhooks and other systems."""
