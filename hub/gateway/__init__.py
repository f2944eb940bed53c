"""The window: websockets out of the city hall."""
