"""The mathematics of diffusion: arrays in, arrays out; no files, clock, globals or Qt."""
