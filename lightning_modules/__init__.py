"""The trained modules: they see tensors and know no instruction and no LLM."""
