"""Abstract tensors: what is known of their shape and of their link to a graph."""
