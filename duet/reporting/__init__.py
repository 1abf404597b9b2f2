"""What the reader sees, from run folders alone."""
