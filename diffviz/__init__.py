"""diffviz: see, steer and understand diffusion models."""
