"""How the next instruction is chosen."""
