"""What one event does to one state: gradients and tensor shapes."""
