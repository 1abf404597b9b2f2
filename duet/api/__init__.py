"""The Python door: ``duet.optimize``, ``duet.evaluate`` and what they take and give."""
