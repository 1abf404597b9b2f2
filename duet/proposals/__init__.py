"""Generates the texts of new instructions."""
