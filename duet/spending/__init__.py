"""Keeps the bill right: caps, a journal of purchases, and a cache, so that no answer is paid twice."""
