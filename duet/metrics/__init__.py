"""Scores answers: extracts what counts, and compares it with the accepted outputs."""
