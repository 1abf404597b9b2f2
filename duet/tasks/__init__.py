"""Tasks: their files, their splits and the checks on them."""
