"""``aorta convert``."""

from __future__ import annotations

from pathlib import Path

import click

from aorta.cli.command import Answer, Console, command
from aorta.errors import SetupError

_LABELS = (".nii.gz", ".nii")
_SURFACES = (".vtp", ".stl", ".ply")


@command(
    "convert",
    click.argument("surface", type=click.Path(path_type=Path)),
    click.argument("output", type=click.Path(path_type=Path)),
    click.option("--unit", type=click.Choice(["mm", "cm", "m"]), required=True, help="Unit of the input's coordinates."),
    click.option("--frame", type=click.Choice(["LPS", "RAS"]), required=True, help="Frame of the input."),
    click.option("--outer", type=click.Path(path_type=Path), help="For a label map: the outer face of the wall."),
    click.option("--thrombus", type=click.Path(path_type=Path), help="For a label map: the thrombus, instead of --outer."),
    click.option("--voxel", default="0.7 mm", show_default=True, help="For a label map: edge length of a voxel."),
    click.option("--wall", default="1.5 mm", show_default=True, help="For a label map: thickness of the wall."),
)
def convert(
    console: Console,
    surface: Path,
    output: Path,
    unit: str,
    frame: str,
    outer: Path | None,
    thrombus: Path | None,
    voxel: str,
    wall: str,
) -> Answer:
    """Turn surfaces and solids into surfaces or a label map.

    SURFACE is an STL, VTP or PLY file, or a STEP solid. OUTPUT ends with .vtp, .stl or .ply for a
    surface, with .nii.gz for a label map; then SURFACE is the lumen. Surfaces are written in LPS
    millimetres, and say so; label maps as NIfTI (RAS affine), which 3D Slicer opens in place.

    \b
    Examples:
      aorta convert lumen.step lumen.vtp --unit mm --frame LPS
      aorta convert lumen.step labels.nii.gz --thrombus thrombus.step --unit mm --frame LPS
    """
    to_labels = output.name.endswith(_LABELS)
    if (outer or thrombus) and not to_labels:
        raise click.UsageError("--outer and --thrombus are for a label map; end OUTPUT with .nii.gz")
    if outer and thrombus:
        raise click.UsageError("give --outer or --thrombus, not both")
    if not to_labels and output.suffix.lower() not in _SURFACES:
        raise click.UsageError(f"OUTPUT must end with {', '.join(_SURFACES)} or {_LABELS[0]}")
    if not output.resolve().parent.is_dir():
        raise SetupError("the output's folder does not exist", where=str(output.parent), fix="make it first")
    sizes = {"voxel": _length("--voxel", voxel), "wall": _length("--wall", wall)}
    from aorta.meshing.surfaces_in import read_surface

    console.note(f"reading {surface.name}")
    lumen = read_surface(surface, unit, frame)
    if not to_labels:
        from aorta.meshing.surfaces_out import write_surface

        write_surface(lumen, output)
        result = {
            "output": output,
            "triangles": len(lumen.triangles),
            "volume_mL": lumen.volume_mm3 / 1000.0,
            "frame": "LPS",
            "unit": "mm",
        }
        return Answer(result, f"{output}: {len(lumen.triangles)} triangles, {lumen.volume_mm3 / 1000.0:.4g} mL, LPS, mm")
    from aorta.imaging.labelmap import write_labels
    from aorta.segmentation.voxelise import voxelise

    others = {name: read_surface(path, unit, frame) if path else None for name, path in (("outer", outer), ("thrombus", thrombus))}
    console.note("turning surfaces into labels")
    labels = voxelise(lumen=lumen, **others, spacing_mm=sizes["voxel"], wall_thickness_mm=sizes["wall"]).labels
    try:
        write_labels(labels, output)
    except OSError as error:
        why = (error.strerror or "").lower()
        raise SetupError("the label map cannot be written", where=str(output), why=why, fix="choose another folder") from error
    volumes = {f"{name}_volume_mL": labels.volume_mL(name) for name in ("lumen", "thrombus", "wall")}
    text = ", ".join(f"{name.split('_')[0]} {value:.4g} mL" for name, value in volumes.items())
    return Answer({"output": output, "shape_kji": list(labels.grid.shape_kji), **volumes}, f"{output}: {text}")


def _length(option: str, text: str) -> float:
    from aorta.units import Quantity

    try:
        return Quantity("mm", 0.05, 20.0, "0.7 mm").parse(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None
