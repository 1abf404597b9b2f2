"""What happens around a fit: the search between epochs, its curves and its checkpoints."""
