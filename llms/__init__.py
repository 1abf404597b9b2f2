"""Who we talk to."""
