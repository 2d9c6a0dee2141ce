"""Figures of merit for pictures and denoisers."""
