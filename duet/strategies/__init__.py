"""One search method each, made of the parts in the other packages."""
