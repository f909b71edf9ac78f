"""Pressure and flow over one heart beat, without geometry (0-D)."""
