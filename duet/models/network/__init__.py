"""What lies between a black box and its server: connections, replies, and rate limits."""
