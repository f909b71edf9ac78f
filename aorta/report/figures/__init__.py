"""One figure a module, each made from records alone."""
