"""Denoisers: trained networks, exact posteriors, and the checkpoints that carry them."""
