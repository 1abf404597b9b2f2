"""How the texts of new instructions come about."""
