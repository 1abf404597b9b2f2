"""A causal language model of transformers: loading it within memory, writing with it, and reading its hidden states."""
