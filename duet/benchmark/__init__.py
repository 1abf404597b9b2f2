"""Grids of runs: tasks x methods x seeds x variants, in worker processes or on a cluster."""
