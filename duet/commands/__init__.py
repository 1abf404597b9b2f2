"""What a user types: one module per subcommand, each with ``run(argv) -> exit code``."""
