"""Samples: posts and complaints that nobody sent, written for Big Ear."""
