"""What the user's folder of weights holds, looked at before anything is started."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aorta.errors import CaseFileError, InputError
from aorta.records import CLASSES

_WHERE = "segmentation.weights of the case file"
_CHECKPOINTS = ("checkpoint_final.pth", "checkpoint_best.pth")
_FOLD = re.compile(r"fold_(0|[1-9]\d*|all)")
ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha", ".gipl")
"""Of volumes, that nnU-Net's readers and SimpleITK share."""


@dataclass(frozen=True)
class Model:
    """An nnU-Net v2 model folder (``dataset.json``, ``plans.json``, ``fold_*/checkpoint_*.pth``).

    Attributes
    ----------
    names : mapping of int to str
        Value to name of every label but the background, as the model calls them.
    ending : str
        File ending that its reader expects, ``.nii.gz`` ...
    folds : tuple of int or "all"
    """

    folder: Path
    names: Mapping[int, str]
    ending: str
    folds: tuple[int | str, ...]
    checkpoint: str


def _refuse(why: str, fix: str = "") -> InputError:
    fix = fix or "give the folder of a trained nnU-Net v2 model, with dataset.json, plans.json and fold_0/"
    return InputError("the network's weights cannot be used", where=_WHERE, why=why, fix=f"{fix}; nothing is downloaded")


def nnunet_model(folder: Path, modality: str) -> Model:
    """Read a model folder's description.

    Raises
    ------
    InputError
        A part is missing or broken, or the model is for other images.
    """
    if not folder.is_dir():
        raise _refuse("there is no such folder")
    for name in ("dataset.json", "plans.json"):
        if not (folder / name).is_file():
            raise _refuse(f"it has no {name}")
    try:
        facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        channels, labels, ending = facts["channel_names"], facts["labels"], facts["file_ending"]
        channel = str(next(iter(channels.values())))
        plain = [(str(name), int(value)) for name, value in labels.items() if not isinstance(value, list)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as problem:
        raise _refuse(f"its dataset.json is not that of nnU-Net v2 ({type(problem).__name__})") from problem
    names = {value: name for name, value in plain if value != 0}
    if len(names) != sum(value != 0 for _, value in plain):
        raise _refuse("two of its labels have the same value")
    if ending not in ENDINGS:
        raise _refuse("its dataset.json names a file ending that is not one of a volume", f"one of {', '.join(ENDINGS)} is needed")
    if len(channels) != 1:
        raise _refuse(f"the model needs {len(channels)} images of one patient, a case has one", "give a model for single images")
    if any(isinstance(value, list) for value in labels.values()):
        raise _refuse("its labels are overlapping regions", "give a model whose labels exclude each other")
    if (channel.upper() == "CT") != (modality == "CT"):
        raise _refuse(f"the model is for {channel}, the image is {modality}", "give a model for this kind of image")
    there = sorted(path for path in folder.glob("fold_*") if _FOLD.fullmatch(path.name))
    folds = [path for path in there if any((path / name).is_file() for name in _CHECKPOINTS)]
    if not folds:
        raise _refuse(f"it has no fold with {' or '.join(_CHECKPOINTS)}")
    checkpoint = next((name for name in _CHECKPOINTS if all((fold / name).is_file() for fold in folds)), None)
    if checkpoint is None:
        raise _refuse(
            f"some of its folds have only {_CHECKPOINTS[0]} and some only {_CHECKPOINTS[1]}",
            "give folds that were trained to the same end",
        )
    numbers = tuple("all" if fold.name == "fold_all" else int(fold.name.removeprefix("fold_")) for fold in folds)
    return Model(folder, names, ending, numbers, checkpoint)


def class_values(names: Mapping[int, str], stated: Mapping[str, int]) -> dict[int, str]:
    """Value to our class, by the case file's ``segmentation.classes`` or else by the model's own names.

    Raises
    ------
    CaseFileError
        ``classes`` has a class or a value that does not exist, or one value for two classes.
    InputError
        No label is the lumen.
    """
    known = ", ".join(f"{name} {value}" for value, name in names.items())
    for ours, value in stated.items():
        if ours not in CLASSES or value not in names:
            raise CaseFileError(
                f"segmentation.classes: {ours}: {value} does not exist",
                where="case file",
                why=f"classes of ours: {', '.join(CLASSES)}; labels of the model: {known}",
                fix="map our names to the model's values",
            )
    values = list(stated.values())
    if doubled := next((value for value in values if values.count(value) > 1), None):
        raise CaseFileError(
            f"segmentation.classes: {doubled} stands for two classes",
            where="case file",
            why=" and ".join(ours for ours, value in stated.items() if value == doubled),
            fix="give each class a value of its own",
        )
    found = {value: ours for ours, value in stated.items()} or {v: n.lower() for v, n in names.items() if n.lower() in CLASSES}
    if "lumen" not in found.values():
        raise InputError(
            "none of the network's labels is the lumen",
            where=_WHERE,
            why=f"its labels: {known}",
            fix="say which is what, e.g. 'classes: {lumen: 1, thrombus: 2}' under segmentation",
        )
    return found
