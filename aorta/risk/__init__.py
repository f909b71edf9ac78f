"""Indices of rupture risk: each one a small module with formula, unit, source and validity range."""
