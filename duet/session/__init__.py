"""A run, whichever door it came in by: settings become objects, the run folder is checked, the trainer is assembled."""
