"""The language models: black boxes, white boxes, encoders."""
