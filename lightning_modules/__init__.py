"""What is trained: modules that see tensors and know no instruction and no LLM."""
