"""Where encoders are made: torch and transformers (the extra ``train``) are needed here, and only here
and in ``classifiers.neural``."""
