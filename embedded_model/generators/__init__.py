"""Tasks of our own making: families of examples, each a rule with a seeded generator."""
