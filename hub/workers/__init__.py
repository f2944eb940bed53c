"""The engine: supervised loops that carry items onward. Each can be killed at any instruction."""
