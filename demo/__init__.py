"""Shops of invented people: one to look at, one to measure with."""
