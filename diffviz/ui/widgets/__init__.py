"""Widgets that know numpy and Qt, never the session."""
