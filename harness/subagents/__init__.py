"""Agents that other agents call as tools: their runs, below the run that calls."""
