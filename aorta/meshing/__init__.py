"""Surfaces to a solid of quadratic tetrahedra: the vessel wall and its thrombus. The only importer of gmsh and meshio."""
