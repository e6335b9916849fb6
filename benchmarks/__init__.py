"""Measures of how fast and how light Regulars is, each against the least that is possible on the same machine."""
