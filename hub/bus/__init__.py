"""The bell: the only room with Redis. Wake-ups and rate buckets, never the truth."""
