"""Processes: environment variables, forks, limits, leaving."""
