"""Evaluations: agents and models over a data set, checked, compared and reported."""
