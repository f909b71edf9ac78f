"""Stress in the wall by finite elements: ``solve.solve``."""

import os

# one process needs no shared memory with others; making it in a temporary folder that is full ends the process within MPI
os.environ.setdefault("PMIX_MCA_gds", "hash")
