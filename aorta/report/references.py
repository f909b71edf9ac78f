"""Publications behind the methods, each listed only where it was used."""

from __future__ import annotations

import re

from aorta.records import Results
from aorta.report.findings import complete

MATERIALS = {
    "raghavan-vorp-2000": """Raghavan ML, Vorp DA. Toward a biomechanical tool to evaluate rupture potential of abdominal aortic
        aneurysm: identification of a finite strain constitutive model and evaluation of its applicability. J Biomech
        2000;33:475–482.""",
    "wang-2001": """Wang DHJ, Makaroun M, Webster MW, Vorp DA. Mechanical properties and microstructure of intraluminal thrombus
        from abdominal aortic aneurysm. J Biomech Eng 2001;123:536–539.""",
    "yeoh-1993": """Yeoh OH. Some forms of the strain energy function for rubber. Rubber Chem Technol 1993;66:754–771.""",
    "demiray-1972": """Demiray H. A note on the elasticity of soft biological tissues. J Biomech 1972;5:309–311.""",
    "ogden-1972": """Ogden RW. Large deformation isotropic elasticity: on the correlation of theory and experiment for
        incompressible rubberlike solids. Proc R Soc Lond A 1972;326:565–584.""",
    "gasser-2008": """Gasser TC, Görgülü G, Folkesson M, Swedenborg J. Failure properties of intraluminal thrombus in abdominal
        aortic aneurysm under static and pulsating mechanical load. J Vasc Surg 2008;48:179–188.""",
    "holzapfel-gasser-ogden-2000": """Holzapfel GA, Gasser TC, Ogden RW. A new constitutive framework for arterial wall mechanics
        and a comparative study of material models. J Elast 2000;61:1–48.""",
    "gasser-ogden-holzapfel-2006": """Gasser TC, Ogden RW, Holzapfel GA. Hyperelastic modelling of arterial layers with distributed
        collagen fibre orientations. J R Soc Interface 2006;3:15–35.""",
}
PRESTRESS = {
    "inverse": """Govindjee S, Mihalic PA. Computational methods for inverse finite elastostatics. Comput Methods Appl Mech Eng
        1996;136:47–57.""",
    "linear": """Joldes GR, Miller K, Wittek A, Doyle B. A simple, effective and clinically applicable method to compute abdominal
        aortic aneurysm wall stress. J Mech Behav Biomed Mater 2016;58:139–148.""",
}
GMSH = """Geuzaine C, Remacle JF. Gmsh: a 3-D finite element mesh generator with built-in pre- and post-processing facilities.
    Int J Numer Methods Eng 2009;79:1309–1331."""
DOLFINX = """Baratta IA, Dean JP, Dokken JS, et al. DOLFINx: the next generation FEniCS problem solving environment. 2023.
    doi:10.5281/zenodo.10447666."""
MATTES = """Mattes D, Haynor DR, Vesselle H, Lewellen TK, Eubank W. PET-CT image registration in the chest using free-form
    deformations. IEEE Trans Med Imaging 2003;22:120–128."""
SHEPARD = """Shepard D. A two-dimensional interpolation function for irregularly-spaced data. Proc 23rd ACM National Conference
    1968:517–524."""
_YEAR = re.compile(r"\b(19|20)\d\d\b")


def references(results: Results) -> list[str]:
    """Of the methods that ran, then the sources that findings name themselves, without repetition."""
    case, found = results.case, []
    if results.second is not None and any(f.name == "registration_repeatability_mm" for f in results.second.findings):
        found.append(MATTES)
    if results.mesh is not None:
        found.append(GMSH)
        found.append(SHEPARD if results.finding("mesh_thickness_points") is not None else "")
    if results.solution is not None:
        found.append(DOLFINX)
        lawful = case.mechanics.prestress != "linear"  # which needs no material
        if lawful:
            found.append(MATERIALS.get(case.wall.material.partition("/")[0], ""))
        if lawful and (results.mesh.region != 1).any():
            found.append(MATERIALS.get(case.thrombus.material.partition("/")[0], ""))
        found.append(PRESTRESS.get(case.mechanics.prestress, ""))
    found += [f.source for f in complete(results) if f.value is not None and _YEAR.search(f.source)]
    return list(dict.fromkeys(" ".join(text.split()) for text in found if text))
