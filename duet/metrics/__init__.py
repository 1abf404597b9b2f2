"""How an answer is scored: what of it counts, and how it compares with the accepted outputs."""
