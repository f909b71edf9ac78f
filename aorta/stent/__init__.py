"""Stent-grafts: catalogue in data files, sizing against instructions for use, ring-in-neck simulation."""
