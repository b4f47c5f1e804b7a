"""Paths through flow graphs, and the states that can reach each event."""
