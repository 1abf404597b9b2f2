"""What is known so far: the growing pool of scored instructions."""
