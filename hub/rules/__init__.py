"""Judgement: pure decisions on where, who, when and what is allowed; no input, no output."""
