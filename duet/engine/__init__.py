"""The search itself, from the first instructions to the final test; it knows no Lightning."""
