"""Feeds the growing pool of scored instructions to the trainer."""
