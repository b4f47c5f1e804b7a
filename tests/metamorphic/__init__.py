"""Training programs as values, and rewritings that must not change what is wrong with them."""
