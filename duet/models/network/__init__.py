"""Connects a black box with its server: connections, replies, and rate limits."""
