"""Mechanistic digital twin of one patient's aorta: rupture risk and stent-graft fit.

Research use only. Not a medical device.
"""

__version__ = "0.1.0"

RESEARCH_USE = "Research use only. Not a medical device."
