"""Lightning callbacks: the search between fits, its curves and its checkpoints."""
