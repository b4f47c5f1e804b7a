"""Graphs joined with the graphs they call, across the files of a project."""
