"""HTTP: read the input, call one thing, answer."""
