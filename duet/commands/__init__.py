"""The subcommands: one module each, each with ``run(argv) -> exit code``."""
