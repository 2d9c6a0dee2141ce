"""Animations, figures and frames written to files."""
