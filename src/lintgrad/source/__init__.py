"""Text files and places in them: the bottom layer, which knows no Python syntax."""
