"""Training as a generator of steps."""
