"""Rules between keys, which no type can express. Each looks at the raw data, so that it is heard
even where other keys are wrong; a value of the wrong type is left to the types.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from aorta.config import names
from aorta.config.mistakes import Mistake, Path, did_you_mean, dotted
from aorta.config.shape import at
from aorta.config.yaml_tree import Tree
from aorta.errors import CaseFileError
from aorta.settings import MechanicsSettings, ThrombusSettings, WallSettings
from aorta.units import mmhg

_SAFE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_PATHS = (
    ("image", "path"),
    ("second", "path"),
    ("second", "transform_file"),
    ("second", "labels"),
    ("wall", "thickness_points"),
    ("segmentation", "weights"),
    ("segmentation", "python"),
    ("labels", "path"),
    ("surfaces", "lumen"),
    ("surfaces", "outer"),
    ("surfaces", "thrombus"),
    ("stent", "catalogue"),
    ("cycle", "waveform"),
)

Broken = Iterator[tuple[Path, str]]
"""Path and message of each rule that is broken."""


def broken_rules(data: dict[str, Any], tree: Tree) -> list[Mistake]:
    """Every broken rule of a case file's data."""
    start = (_case_id, _start, _second, _surfaces, _labels)
    mistakes = []
    for rule in (*start, _pressure, _modality, _paths, _overrides, _landmarks, _materials, _cycle, _supports):
        for path, message in rule(data):
            place = tree.key_place(path) if at(path) is None or path[:-1] in (("overrides",), ("landmarks",)) else tree.place(path)
            mistakes.append(Mistake(*place, dotted(path), message))
    return mistakes


def _section(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def safe_name(text: str) -> bool:
    """Whether a text can be a folder's name on every system."""
    return bool(_SAFE_NAME.fullmatch(text)) and not text.endswith(".")


def _case_id(data: dict[str, Any]) -> Broken:
    case_id = data.get("case_id")
    if isinstance(case_id, str) and not safe_name(case_id):
        yield ("case_id",), "names a folder: 1 to 64 letters, digits, '-', '_' and '.', and no '.' at either end"


def _start(data: dict[str, Any]) -> Broken:
    given = [name for name in ("image", "labels", "surfaces") if name in data]
    if not given:
        yield (), "the case starts from nothing; write one of 'image:', 'labels:' or 'surfaces:'"
    if "surfaces" in given and len(given) > 1:
        yield ("surfaces",), f"cannot stand beside '{given[0]}:'; keep one of them"


def _second(data: dict[str, Any]) -> Broken:
    if "second" in data and "image" not in data:
        yield ("second",), "lies over 'image:', which is missing"
    if _section(data, "wall").get("thickness_series") == "second" and "second" not in data:
        yield ("wall", "thickness_series"), "there is no 'second:' image in this case"
    if _section(data, "second").get("gives") == "points" and "thickness_points" not in _section(data, "wall"):
        yield ("second", "gives"), "'points' are those of 'wall: {thickness_points: ...}', which is missing"


def _surfaces(data: dict[str, Any]) -> Broken:
    surfaces = _section(data, "surfaces")
    if "outer" in surfaces and "thrombus" in surfaces:
        yield ("surfaces", "thrombus"), "stands instead of 'outer', not beside it; keep one of them"


def _labels(data: dict[str, Any]) -> Broken:
    yield from _classes(data, "labels")
    yield from _classes(data, "segmentation")
    labels = _section(data, "labels")
    if labels.get("convention") == "custom" and not _section(labels, "classes"):
        yield ("labels", "convention"), "'custom' needs 'classes:', for example 'classes: {lumen: 1, thrombus: 2}'"


def _classes(data: dict[str, Any], section: str) -> Broken:
    classes, known = _section(_section(data, section), "classes"), names.classes()
    for name in classes:
        if name not in known:
            yield (section, "classes", name), f"not one of our classes{did_you_mean(name, known)}; they are {', '.join(known)}"
    values = {name: value for name, value in classes.items() if type(value) is int}
    for name, value in values.items():
        if not 1 <= value <= 65535:
            yield (section, "classes", name), f"{value} cannot be a class; 0 is background, classes are 1 to 65535"
    for (first, a), (second, b) in combinations(values.items(), 2):
        if a == b:
            yield (section, "classes", second), f"{b} is already '{first}'; a value stands for one class"


def _pressure(data: dict[str, Any]) -> Broken:
    read: dict[str, float] = {}
    for name, value in _section(data, "pressure").items():
        kind = at(("pressure", name))
        if kind is not None and kind.quantity is not None:
            try:
                read[name] = kind.quantity.parse(value)
            except ValueError:
                continue  # told with the types
    low, high, imaging = (read.get(name) for name in ("diastolic", "systolic", "imaging"))
    if low is not None and high is not None and low >= high:
        yield ("pressure", "diastolic"), f"{mmhg(low):.4g} mmHg is not below systolic ({mmhg(high):.4g} mmHg); are they swapped?"
    elif low is not None and high is not None and imaging is not None and not low <= imaging <= high:
        yield ("pressure", "imaging"), f"{mmhg(imaging):.4g} mmHg is not between diastolic and systolic"


def _modality(data: dict[str, Any]) -> Broken:
    modality = _section(data, "image").get("modality")
    segmentation = _section(data, "segmentation")
    wrong = {"CT": "mr-angiography", "MR": "ct-contrast"}.get(modality) if isinstance(modality, str) else None
    if wrong and segmentation.get("method") == wrong:
        yield ("segmentation", "method"), f"'{wrong}' does not read {modality}; write 'auto'"
    yield from _contrast(modality, segmentation, "segmentation")
    yield from _contrast(_section(data, "second").get("modality"), _section(data, "second"), "second")
    if modality == "MR" and "blood" in segmentation:
        yield ("segmentation", "blood"), "an MR image has no Hounsfield units; leave this out and give seeds"


def _contrast(modality: Any, section: dict[str, Any], where: str) -> Broken:
    """A phase of CT for an MR image, or the other way round."""
    contrast, method = section.get("contrast", "auto"), section.get("method", "auto")
    if contrast == "auto":
        return
    if where == "segmentation" and method in ("nnunet", "totalsegmentator"):
        yield (where, "contrast"), f"is for the program's own methods; '{method}' does not use it: leave it out"
    shown = {"ct-contrast": "CT", "mr-angiography": "MR"}.get(method, modality) if isinstance(method, str) else modality
    wanted = {"arterial": "CT", "portal-venous": "CT", "angiography": "MR", "bright-blood": "MR"}.get(str(contrast))
    if wanted and shown in ("CT", "MR") and shown != wanted:
        yield (where, "contrast"), f"'{contrast}' is a kind of {wanted}, the image is {shown}; write 'auto'"


def _paths(data: dict[str, Any]) -> Broken:
    for section, key in _PATHS:
        value = _section(data, section).get(key)
        if not isinstance(value, str):
            continue
        if not value.strip():
            yield (section, key), "the path is empty"
        elif "://" in value:
            yield (section, key), "addresses are not opened; copy the file here and write its path"
        elif "\n" in value or "\t" in value:
            yield (section, key), "a path is one line without tabs"


def _overrides(data: dict[str, Any]) -> Broken:
    for name in _section(data, "overrides"):
        if name not in names.OVERRIDABLE:
            known = ", ".join(names.OVERRIDABLE)
            yield ("overrides", name), f"not a measured finding{did_you_mean(name, names.OVERRIDABLE)}; known: {known}"


def _landmarks(data: dict[str, Any]) -> Broken:
    for name in _section(data, "landmarks"):
        if name not in names.LANDMARKS:
            yield ("landmarks", name), f"unknown landmark{did_you_mean(name, names.LANDMARKS)}; known: {', '.join(names.LANDMARKS)}"


def _cycle(data: dict[str, Any]) -> Broken:
    cycle = _section(data, "cycle")
    if cycle.get("windkessel") in ("two-element", "three-element") and "waveform" not in cycle:
        yield ("cycle", "windkessel"), "is fitted to a flow; give 'waveform:', a CSV with a column such as flow_mL_per_s"


def _supports(data: dict[str, Any]) -> Broken:
    mechanics, tissue = _section(data, "mechanics"), _section(data, "tissue")
    ends = mechanics.get("ends", MechanicsSettings.ends)
    if ends == "elastic" and mechanics.get("end_stiffness_normal") is None:
        yield ("mechanics", "ends"), "elastic ends need a stiffness; add e.g. 'end_stiffness_normal: 20 kPa/mm'"
    for key in ("end_stiffness_normal", "end_stiffness_tangential"):
        if mechanics.get(key) is not None and ends in ("fixed", "sliding"):
            yield ("mechanics", key), f"contradicts 'ends: {ends}'; write 'ends: elastic' or leave it out"
    if mechanics.get("pressure_on") == "wall" and mechanics.get("wall_pressure_share", 1.0) not in (1, None):
        yield ("mechanics", "wall_pressure_share"), "contradicts 'pressure_on: wall', which is a share of 1; leave one of them out"
    if _parsed(tissue.get("damping"), ("tissue", "damping")) and _section(data, "cycle").get("waveform") is None:
        yield ("tissue", "damping"), "acts along a waveform only; add 'cycle: {waveform: ...}' or leave it out"


def _materials(data: dict[str, Any]) -> Broken:
    from aorta.mechanics.materials import registry

    for part, default, modulus in (("wall", WallSettings, "bulk_modulus"), ("thrombus", ThrombusSettings, "thrombus_bulk_modulus")):
        section = _section(data, part)
        law = section.get("material", default.material)
        if not isinstance(law, str):
            continue
        if law not in registry.NAMES:
            known = ", ".join(registry.NAMES)
            yield (part, "material"), f"unknown law '{law}'{did_you_mean(law, registry.NAMES)}; known: {known}"
            continue
        numbers = {key: value for key, value in _section(section, "parameters").items() if type(value) in (int, float)}
        try:
            registry.material(law, numbers, _bulk_modulus(data, modulus), part)
        except CaseFileError as error:
            for detail in error.details:
                yield (part, "parameters"), detail


def _bulk_modulus(data: dict[str, Any], key: str) -> float:
    """As the file says, the default where it says nothing that can be read."""
    value = _parsed(_section(data, "mechanics").get(key), ("mechanics", key))
    return float(getattr(MechanicsSettings, key)) if value is None else value


def _parsed(value: Any, path: Path) -> float | None:
    """A quantity in our unit; None where there is none that can be read."""
    kind = at(path)
    if value is not None and kind is not None and kind.quantity is not None:
        with contextlib.suppress(ValueError):
            return kind.quantity.parse(value)
    return None
