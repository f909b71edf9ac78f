"""Labels by a network: the image is handed to another Python, what it labels is mapped to our classes and checked.

When not to trust it: on images unlike those it was trained on; it has no gate of its own and
tells no confidence. So its labels pass the checks of a label map from outside, and a caution says
who made them. TotalSegmentator has no class for thrombus.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from aorta.errors import InputError, SetupError
from aorta.records import CLASSES, NO_THROMBUS_CLASS, Array, Grid, Labels, Progress, Segmentation, Volume, silent
from aorta.segmentation.accept import accept_labels
from aorta.segmentation.learned.model import class_values, nnunet_model
from aorta.segmentation.learned.process import ask
from aorta.settings import SegmentationSettings


def segment_learned(
    volume: Volume, settings: SegmentationSettings, wall_thickness_mm: float, progress: Progress = silent
) -> Segmentation:
    """Labels of the image by the network of ``settings.method``, weights at ``settings.weights``.

    Raises
    ------
    InputError
        The weights are missing or do not suit, or the labels are no vessel.
    SetupError
        The network's environment lacks its library, or the network failed.
    """
    if settings.weights is None:
        raise InputError(
            f"method {settings.method} needs its weights",
            where="segmentation of the case file",
            fix="give their folder as segmentation.weights; nothing is downloaded",
        )
    weights = Path(settings.weights)
    with tempfile.TemporaryDirectory(prefix="aorta-network-") as folder:
        here = Path(folder)
        if settings.method == "nnunet":
            model = nnunet_model(weights, volume.modality)
            classes = class_values(model.names, settings.classes)
            image, labels = here / f"image_0000{model.ending}", here / f"labels{model.ending}"
            arguments = {
                "labels": str(here / "labels"),
                "weights": str(weights),
                "folds": list(model.folds),
                "checkpoint": model.checkpoint,
            }
            names: Mapping[int, str] = model.names
        else:
            if not (weights.is_dir() and any(weights.glob("Dataset*"))):
                raise InputError(
                    "the network's weights cannot be used",
                    where="segmentation.weights of the case file",
                    why="it is not a folder with TotalSegmentator's Dataset… folders",
                    fix="give the folder that TOTALSEG_WEIGHTS_PATH would name; nothing is downloaded",
                )
            image, labels = here / "image.nii.gz", here / "labels.nii.gz"
            arguments = {"labels": str(labels), "fast": settings.fast, "modality": volume.modality}
        _write_image(volume, image)
        request = {"method": settings.method, "arguments": {"image": str(image), **arguments}}
        answer = ask(settings.python, request, here, weights, progress)
        if settings.method == "totalsegmentator":
            names = {int(value): name for value, name in answer["names"].items()}
            classes = {value: ours for value, name in names.items() if (ours := _class_of(name))}
        voxels = _read_labels(labels, volume.grid)
    return _checked(voxels, volume, classes, names, settings, answer["version"], wall_thickness_mm)


def _class_of(name: str) -> str | None:
    """Our class for one of TotalSegmentator's names."""
    if name in ("aorta", "iliac_artery_left", "iliac_artery_right"):
        return "lumen"
    return "vertebra" if name.startswith("vertebrae") else None


def _write_image(volume: Volume, path: Path) -> None:
    """With no more than voxels and geometry."""
    image, affine = sitk.GetImageFromArray(volume.voxels), volume.grid.affine_lps
    image.SetSpacing([float(s) for s in volume.grid.spacing_ijk])
    image.SetOrigin([float(x) for x in affine[:3, 3]])
    image.SetDirection([float(x) for x in (affine[:3, :3] / volume.grid.spacing_ijk).ravel()])
    sitk.WriteImage(image, str(path))


def _read_labels(path: Path, grid: Grid) -> Array:
    try:
        voxels = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    except RuntimeError as problem:
        raise SetupError(
            "the network ended without labels", where="segmentation", fix="run it by hand on the same image"
        ) from problem
    if voxels.shape != grid.shape_kji:
        why = f"{voxels.shape} voxels instead of {grid.shape_kji}"
        raise SetupError("the network's labels are on another grid than the image", where="segmentation", why=why)
    return np.rint(voxels).astype(np.int64)


def _checked(
    voxels: Array,
    volume: Volume,
    classes: Mapping[int, str],
    names: Mapping[int, str],
    settings: SegmentationSettings,
    version: str,
    wall_thickness_mm: float,
) -> Segmentation:
    mapped = np.zeros(voxels.shape, np.uint8)
    for value, ours in classes.items():
        mapped[voxels == value] = CLASSES[ours]
    left = sorted({names.get(int(v), str(v)) for v in np.unique(voxels) if v and int(v) not in classes})
    cautions = [f"labels by a network ({version}) that knows no doubt: look at every slice"]
    cautions += [f"labels of the network without a class of ours were left out: {', '.join(left)}"] if left else []
    cautions += [NO_THROMBUS_CLASS] if settings.method == "totalsegmentator" else []
    accepted = accept_labels(Labels(volume.grid, mapped), volume, wall_thickness_mm)
    return replace(accepted, method=f"{settings.method} ({version})", cautions=(*cautions, *accepted.cautions))
