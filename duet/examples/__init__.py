"""Examples: an input with the outputs that count as right, and labels where outputs are a small closed set."""
