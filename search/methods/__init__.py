"""One method each, made of the parts in ``search``."""
