"""Duet finds the instruction with which a language model does a task best."""
