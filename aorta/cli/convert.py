"""``aorta convert``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aorta.cli.command import Answer, Console, command
from aorta.errors import SetupError

if TYPE_CHECKING:
    from aorta.records import Labels, Surface

_LABELS = (".nii.gz", ".nii", ".dcm")
_LABELS_IN = (".nii.gz", ".nii", ".nrrd", ".mha", ".mhd", ".dcm")
_SURFACES = (".vtp", ".stl", ".ply")


@command(
    "convert",
    click.argument("source", type=click.Path(path_type=Path)),
    click.argument("output", type=click.Path(path_type=Path)),
    click.option("--unit", type=click.Choice(["mm", "cm", "m"]), help="Unit of a surface's coordinates."),
    click.option("--frame", type=click.Choice(["LPS", "RAS"]), help="Frame of a surface."),
    click.option("--outer", type=click.Path(path_type=Path), help="For a label map: the outer face of the wall."),
    click.option("--thrombus", type=click.Path(path_type=Path), help="For a label map: the thrombus, instead of --outer."),
    click.option("--voxel", default="0.7 mm", show_default=True, help="For a label map: edge length of a voxel."),
    click.option("--wall", default="1.5 mm", show_default=True, help="For a label map: thickness of the wall."),
    click.option("--reference", type=click.Path(path_type=Path), help="For .dcm: folder of the scan that it is to refer to."),
    click.option("--series", type=int, help="Which series of that folder, as `aorta check` numbers them."),
)
def convert(
    console: Console,
    source: Path,
    output: Path,
    unit: str | None,
    frame: str | None,
    outer: Path | None,
    thrombus: Path | None,
    voxel: str,
    wall: str,
    reference: Path | None,
    series: int | None,
) -> Answer:
    """Turn surfaces and solids into surfaces or a label map, and label maps into others.

    SOURCE is an STL, VTP or PLY file, a STEP solid, or a label map (NIfTI, NRRD, MetaImage, DICOM
    segmentation). OUTPUT ends with .vtp, .stl or .ply for a surface, with .nii.gz or .dcm for a
    label map; then a surface as SOURCE is the lumen, and needs --unit and --frame. Surfaces are
    written in LPS millimetres, and say so; label maps as NIfTI (RAS affine), which 3D Slicer opens
    in place, or as a DICOM segmentation without names. That refers to no scan unless --reference
    names one; then it has the UIDs of that scan, which lead to it for those who have it.

    \b
    Examples:
      aorta convert lumen.step lumen.vtp --unit mm --frame LPS
      aorta convert lumen.step labels.nii.gz --thrombus thrombus.step --unit mm --frame LPS
      aorta convert out/my-case/labels.nii.gz labels.dcm --reference my-case/dicom
    """
    from_labels = source.name.lower().endswith(_LABELS_IN)
    to_labels = output.name.endswith(_LABELS)
    as_dicom, as_surface = output.name.endswith(".dcm"), output.suffix.lower() in _SURFACES
    contradictions = (
        ((outer or thrombus) and not to_labels, "--outer and --thrombus are for a label map; end OUTPUT with .nii.gz"),
        (outer and thrombus, "give --outer or --thrombus, not both"),
        (reference and not as_dicom, "--reference is for a DICOM segmentation; end OUTPUT with .dcm"),
        (series is not None and not reference, "--series is for --reference"),
        (from_labels and not to_labels, f"a label map becomes a label map; end OUTPUT with {', '.join(_LABELS)}"),
        (not from_labels and (unit is None or frame is None), "Missing option '--unit' or '--frame': a surface needs both"),
        (not to_labels and not as_surface, f"OUTPUT must end with {', '.join(_SURFACES)} or {_LABELS[0]}"),
    )
    for wrong, told in contradictions:
        if wrong:
            raise click.UsageError(told)
    if not output.resolve().parent.is_dir():
        raise SetupError("the output's folder does not exist", where=str(output.parent), fix="make it first")
    if from_labels:
        from aorta.imaging.labelmap import read_labels
        from aorta.settings import LabelInput

        console.note(f"reading {source.name}")
        return _write_labels(read_labels(source, LabelInput(str(source))), output, reference, series, console)
    sizes = {"voxel": _length("--voxel", voxel), "wall": _length("--wall", wall)}
    from aorta.meshing.surfaces_in import read_surface

    console.note(f"reading {source.name}")
    lumen = read_surface(source, unit, frame)
    if not to_labels:
        return _write_surface(lumen, output)
    from aorta.segmentation.voxelise import voxelise

    others = {name: read_surface(path, unit, frame) if path else None for name, path in (("outer", outer), ("thrombus", thrombus))}
    console.note("turning surfaces into labels")
    made = voxelise(lumen=lumen, **others, spacing_mm=sizes["voxel"], wall_thickness_mm=sizes["wall"])
    surfaces = [lumen, *(surface for surface in others.values() if surface is not None)]
    cautions = [*(text for surface in surfaces for text in surface.cautions), *made.cautions]
    return _write_labels(made.labels, output, reference, series, console, cautions)


def _told(cautions: Sequence[str]) -> list[str]:
    return [f"caution: {text}" for text in cautions]


def _write_surface(surface: Surface, output: Path) -> Answer:
    from aorta.meshing.surfaces_out import write_surface

    write_surface(surface, output)
    result = {
        "output": output,
        "triangles": len(surface.triangles),
        "volume_mL": surface.volume_mm3 / 1000.0,
        "frame": "LPS",
        "unit": "mm",
        "cautions": list(surface.cautions),
    }
    told = f"{output}: {len(surface.triangles)} triangles, {surface.volume_mm3 / 1000.0:.4g} mL, LPS, mm"
    return Answer(result, "\n".join([told, *_told(surface.cautions)]))


def _write_labels(
    labels: Labels, output: Path, reference: Path | None, series: int | None, console: Console, cautions: Sequence[str] = ()
) -> Answer:
    from aorta.imaging.labelmap import write_labels

    if output.name.endswith(".dcm"):
        from aorta.imaging.dicom_reference import scan_of
        from aorta.imaging.dicom_seg_out import write_segmentation_object

        scan = None
        if reference is not None:
            console.note("reading the scan to refer to")
            labels, scan = scan_of(labels, reference, series)
        write_segmentation_object(labels, output, scan)
    else:
        write_labels(labels, output)
    volumes = {f"{name}_volume_mL": labels.volume_mL(name) for name in ("lumen", "thrombus", "wall")}
    text = ", ".join(f"{name.split('_')[0]} {value:.4g} mL" for name, value in volumes.items())
    result = {"output": output, "shape_kji": list(labels.grid.shape_kji), **volumes, "cautions": list(cautions)}
    return Answer(result, "\n".join([f"{output}: {text}", *_told(cautions)]))


def _length(option: str, text: str) -> float:
    from aorta.units import Quantity

    try:
        return Quantity("mm", 0.05, 20.0, "0.7 mm").parse(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None
