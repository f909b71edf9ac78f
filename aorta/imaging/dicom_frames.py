"""Enhanced (multi-frame) CT and MR: each frame as if it were the file of one slice.

What an ordinary file says in its header an enhanced one says in functional groups, once for all
frames (shared) or for each (DICOM PS3.3 C.7.6.16). They are flattened here: sequences of one item
each, whose elements carry the ordinary keywords, but for a few that have another name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydicom.dataset import Dataset

from aorta.errors import InputError, ignoring_damage, on_damage
from aorta.imaging import acquisition
from aorta.imaging.dicom_headers import PER_SLICE, SliceFile, number
from aorta.imaging.dicom_open import read_dicom
from aorta.imaging.quiet import quiet

ENHANCED = (
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.2.2",
    "1.2.840.10008.5.1.4.1.1.4.1",
    "1.2.840.10008.5.1.4.1.1.4.4",
)
"""Enhanced CT, legacy converted enhanced CT, enhanced MR, legacy converted enhanced MR (DICOM PS3.4 table B.5-1)."""

_OTHER_NAMES = {"EffectiveEchoTime": "EchoTime", "FrameType": "ImageType"}
_WANTED = {*PER_SLICE, *acquisition.KEYWORDS}
MAX_FRAMES = 20_000


def is_enhanced(path: Path) -> bool:
    """Whether a DICOM file holds a whole series as enhanced CT or MR."""
    with ignoring_damage(), quiet():
        header = read_dicom(path, "image", stop_before_pixels=True, specific_tags=["SOPClassUID"])
        return str(header.get("SOPClassUID", "")) in ENHANCED
    return False


def frames_of(item: SliceFile) -> list[SliceFile]:
    """A slice for every frame of an enhanced file; the file itself where it is an ordinary one.

    Raises
    ------
    InputError
        As many groups as frames are not there.
    """
    if str(item.header.get("SOPClassUID", "")) not in ENHANCED:
        return [item]
    groups = item.header.get("PerFrameFunctionalGroupsSequence") or []
    if not len(groups) or len(groups) != int(number(item.header, "NumberOfFrames") or 0) or len(groups) > MAX_FRAMES:
        raise InputError(
            "a multi-frame DICOM file does not say where its frames are",
            where=item.name,
            why=f"it has {int(number(item.header, 'NumberOfFrames') or 0)} frames but {len(groups)} groups that describe them",
            fix="export the series again, or as one file per slice",
        )
    damaged = InputError(
        "a multi-frame DICOM file is damaged",
        where=item.name,
        why="a value in the groups that describe its frames is not valid",
        fix="export or copy the series again",
    )
    with on_damage(damaged), quiet():
        return _each(item, groups)


def _each(item: SliceFile, groups: Sequence[Dataset]) -> list[SliceFile]:
    shared = item.header.get("SharedFunctionalGroupsSequence") or []
    common = Dataset()
    for element in item.header:
        if element.VR != "SQ":
            common.add(element)
    for group in shared:
        _flatten(group, common)
    result = []
    for place, group in enumerate(groups):
        header = Dataset()
        header.update(common)
        _flatten(group, header)
        result.append(replace(item, header=header, frame=place))
    return result


def _flatten(group: Dataset, into: Dataset) -> None:
    for sequence in group:
        if sequence.VR != "SQ" or not len(sequence.value):
            continue
        for element in sequence.value[0]:
            keyword = _OTHER_NAMES.get(element.keyword, element.keyword)
            if keyword in _WANTED and element.value is not None:
                setattr(into, keyword, element.value)
