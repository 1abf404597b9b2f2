"""The recipe of the embedded language model; nothing imports it at run time."""
