"""Small pieces of work, one per part of the program: ``python -m aorta.cli.probes NAME``.

``aorta doctor`` runs each in a process of its own, so that a library that crashes is reported and
not suffered. A probe returns one sentence on what it did, or raises.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path


class Doubt(Exception):
    """The part works, but not as well as it could."""


def images() -> str:
    """DICOM and NIfTI, written and read back voxel by voxel."""
    import numpy as np

    from aorta.imaging.labelmap import read_labels, write_labels
    from aorta.imaging.read import read_image
    from aorta.phantom.dicom_series import write_dicom_series
    from aorta.phantom.make import make_phantom
    from aorta.settings import ImageInput, LabelInput

    made = make_phantom(shape_kji=(16, 24, 24))
    with tempfile.TemporaryDirectory() as folder:
        write_dicom_series(made, Path(folder) / "dicom")
        volume = read_image(Path(folder) / "dicom", ImageInput("dicom"))
        write_labels(made.labels, Path(folder) / "labels.nii.gz")
        labels = read_labels(Path(folder) / "labels.nii.gz", LabelInput("labels.nii.gz"))
    _same(
        np.array_equal(volume.voxels, made.volume.voxels) and volume.grid.same_as(made.volume.grid),
        "the DICOM series came back changed",
    )
    _same(
        np.array_equal(labels.voxels, made.labels.voxels) and labels.grid.same_as(made.labels.grid),
        "the label map came back changed",
    )
    return "a DICOM series and a NIfTI label map came back unchanged"


def gmsh() -> str:
    """gmsh fills a sphere with tetrahedra."""
    import math

    from aorta.meshing.gmsh_session import gmsh_session

    with gmsh_session(Mesh_MeshSizeMax=0.3) as session:
        session.model.occ.addSphere(0, 0, 0, 1)
        session.model.occ.synchronize()
        session.model.mesh.generate(3)
        tags = session.model.mesh.getElementsByType(4)[0]
        volume = float(session.model.mesh.getElementQualities(tags, "volume").sum())
    _same(abs(volume / (4 / 3 * math.pi) - 1) < 0.1, f"a unit sphere's mesh has volume {volume:.3g}")
    return f"a sphere of {len(tags)} tetrahedra"


def mechanics() -> str:
    """DOLFINx solves a small vessel at two pressures."""
    import numpy as np

    from aorta.mechanics.solve import solve
    from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, WallSettings
    from aorta.units import MMHG_IN_MPA
    from aorta.verify.reference_meshes import aneurysm

    mesh = aneurysm(cells=(1, 8, 4))
    pressure = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)
    solution = solve(mesh, pressure, MechanicsSettings(), WallSettings(), ThrombusSettings())
    state = solution.state("systole")
    _same(state is not None and bool(np.isfinite(state.displacement_mm).all()), "the solution has no finite systole")
    largest = float(np.linalg.norm(state.displacement_mm, axis=1).max())
    _same(largest > 0, "the vessel did not move")
    return f"a vessel of {len(mesh.tets)} tetrahedra moves by {largest:.2f} mm from diastole to systole"


def blas() -> str:
    """Which BLAS the linear solver uses."""
    import aorta.mechanics.backend  # noqa: F401  loads PETSc

    mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if ".so" in line}
    system = [
        name for name in mapped if "site-packages" not in name and any(part in name.lower() for part in ("blas", "mkl", "blis"))
    ]
    fast = [name for name in system if any(part in name.lower() for part in ("openblas", "mkl", "blis"))]
    if not fast:
        raise Doubt("PETSc uses the reference BLAS: factorisations take several times longer")
    return Path(fast[0]).name + " of " + Path(fast[0]).parent.name


def cache() -> str:
    """The folder of compiled forms can be written."""
    from aorta.mechanics.compiling import cache_folder

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as stream:
        stream.write(b"x")
    return "compiled forms can be kept"


def rendering() -> str:
    """A picture drawn without a screen."""
    import pyvista

    import aorta.report  # noqa: F401  tells matplotlib, which a plotter loads, where to keep its files

    plotter = pyvista.Plotter(off_screen=True, window_size=(64, 64))
    plotter.add_mesh(pyvista.Sphere(), color="red")
    picture = plotter.screenshot(return_img=True)
    plotter.close()
    _same(picture is not None and int(picture.std()) > 0, "the picture is blank")
    return f"a picture of {picture.shape[1]}x{picture.shape[0]} pixels"


def pdf() -> str:
    """A PDF of one page."""
    import weasyprint

    content = weasyprint.HTML(string="<p>aorta</p>").write_pdf()
    _same(content is not None and content.startswith(b"%PDF"), "what was written is not a PDF")
    return f"a PDF page of {len(content) / 1000:.1f} kB"


def exchange() -> str:
    """meshio, for exchange formats only."""
    try:
        from aorta.meshing import exchange as module
    except ImportError as error:
        raise Doubt(f"exchange formats are not available: {error}") from error
    return f"meshes can be written for other programs ({module.__name__.split('.')[-1]})"


def _same(condition: bool, problem: str) -> None:
    if not condition:
        raise RuntimeError(problem)


PROBES: Mapping[str, Callable[[], str]] = {
    "images": images,
    "gmsh": gmsh,
    "mechanics": mechanics,
    "blas": blas,
    "cache": cache,
    "rendering": rendering,
    "pdf": pdf,
    "exchange": exchange,
}
"""By the name that ``aorta doctor`` shows."""


def main(name: str) -> int:
    """Prints "ok", "warn" or "fail" and a sentence, on one line."""
    try:
        status, sentence = "ok", PROBES[name]()
    except Doubt as doubt:
        status, sentence = "warn", str(doubt)
    except Exception as error:
        status, sentence = "fail", f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    print(f"\n{status}\t{sentence}", flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
