"""Scores instructions: the task black box answers validation examples, a metric scores the answers."""
