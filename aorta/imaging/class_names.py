"""From the values or names of somebody's label map to our classes."""

from __future__ import annotations

from collections.abc import Mapping

from aorta.errors import InputError
from aorta.records import CLASSES
from aorta.settings import LabelInput

BACKGROUND = 0

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "lumen": (
        "lumen",
        "aortic lumen",
        "aorta lumen",
        "lumen of aorta",
        "blood",
        "blood lumen",
        "flow lumen",
        "true lumen",
        "contrast",
    ),
    "thrombus": ("thrombus", "ilt", "intraluminal thrombus", "mural thrombus"),
    "wall": ("wall", "aortic wall", "vessel wall", "aneurysm wall"),
    "calcification": ("calcification", "calcifications", "calcium", "calc", "plaque", "calcified plaque"),
    "branch": ("branch", "branches", "side branch", "side branches"),
    "vertebra": ("vertebra", "vertebrae", "spine", "bone"),
}
"""Names that people give to segments, in lower case, blanks for underscores and dashes. A plain
"aorta" is not among them: it may or may not include thrombus."""

TOTALSEGMENTATOR: Mapping[int, str] = {52: "lumen", 65: "lumen", 66: "lumen", **{value: "vertebra" for value in range(26, 51)}}
"""TotalSegmentator 2, task "total": aorta 52, iliac arteries 65 (left) and 66 (right), vertebrae
S1 to C1 26 to 50 (resources/map_to_binary.py of that project). Its other organs are background."""

TOTALSEGMENTATOR_LAST = 117


def class_of_name(name: str) -> str | None:
    """Our class for a segment's name, or None."""
    plain = " ".join(name.lower().replace("_", " ").replace("-", " ").split())
    return next((ours for ours, names in SYNONYMS.items() if plain in names), None)


def mapping(settings: LabelInput, found: list[int], names: Mapping[int, str] | None) -> dict[int, str | None]:
    """File value to our class (None: background) for every value found, 0 left out.

    Parameters
    ----------
    found : list of int
        Values that occur, without 0.
    names : mapping of int to str, or None
        Segment names that the file itself gives.

    Raises
    ------
    InputError
        A value without a class, a name that is not known, or a case file that says too little.
    """
    if settings.classes:
        return _complete(_custom(settings.classes), found, "the case file's 'classes' do not mention it")
    if settings.convention == "custom":
        raise InputError(
            "labels.classes is missing",
            where="labels of the case file",
            why="convention 'custom' takes its mapping from there",
            fix="add e.g. 'classes: {lumen: 1, thrombus: 2}'",
        )
    if settings.convention == "totalsegmentator":
        known = {value: TOTALSEGMENTATOR.get(value) for value in range(1, TOTALSEGMENTATOR_LAST + 1)}
        return _complete(known, found, "TotalSegmentator's task 'total' has values 1 to 117")
    if names is not None:
        return _complete(
            {value: ours for value, name in names.items() if (ours := class_of_name(name))},
            found,
            f"its name in the file is not one that is known ({', '.join(CLASSES)})",
        )
    if settings.convention == "slicer":
        raise InputError(
            "the label map has no segment names",
            where="labels of the case file",
            why="convention 'slicer' takes the classes from a .seg.nrrd's segment names",
            fix="save the segmentation as .seg.nrrd, or give 'classes'",
        )
    return _complete(
        {value: name for name, value in CLASSES.items()}, found, "ours are " + ", ".join(f"{n} {v}" for n, v in CLASSES.items())
    )


def _custom(classes: Mapping[str, int]) -> dict[int, str | None]:
    result: dict[int, str | None] = {}
    for name, value in classes.items():
        if name not in CLASSES:
            raise InputError(f"'{name}' is not a class", where="labels.classes of the case file", fix=f"use {', '.join(CLASSES)}")
        if value == BACKGROUND or value in result:
            why = "0 is the background" if value == BACKGROUND else "two classes have this value"
            raise InputError(
                f"value {value} cannot be '{name}'", where="labels.classes of the case file", why=why, fix="give each its own value"
            )
        result[value] = name
    return result


def _complete(known: dict[int, str | None], found: list[int], why: str) -> dict[int, str | None]:
    unknown = [value for value in found if value not in known]
    if unknown:
        listed = ", ".join(map(str, found[:20])) + (" ..." if len(found) > 20 else "")
        raise InputError(
            f"the label map has a value without a class: {unknown[0]}",
            where="labels",
            why=f"{why}; values found: {listed}",
            fix="name every class in the case file, e.g. 'classes: {lumen: 1, thrombus: 2}', or remove the segment",
        )
    return {value: known[value] for value in found}
