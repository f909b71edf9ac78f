"""Label maps as DICOM segmentation objects (SEG), by highdicom.

Who the patient is never gets into the file. By itself it has UIDs of its own and refers to nothing;
viewers put it in place by its coordinates. For an archive, which files a segmentation under its
scan, the user may name the scan (``dicom_reference``): then the UIDs of study, series, slices and frame of reference are
the scan's, and they alone. UIDs are pseudonyms: they name nobody, but lead to the scan for those who have it.
"""

from __future__ import annotations

from pathlib import Path

import highdicom
import numpy as np
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentDescription
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, generate_uid

from aorta import __version__
from aorta.errors import on_os_error
from aorta.imaging.labelmap import unwritable
from aorta.imaging.quiet import quiet
from aorta.records import CLASSES, Grid, Labels

_CODES = {
    "lumen": (codes.SCT.AnatomicalStructure, codes.SCT.Aorta),
    "thrombus": (codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Thrombus),
    "wall": (codes.SCT.AnatomicalStructure, codes.SCT.Aorta),
    "calcification": (codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.CalcifiedAtheromatousPlaque),
    "branch": (codes.SCT.AnatomicalStructure, codes.SCT.Artery),
    "vertebra": (codes.SCT.AnatomicalStructure, codes.SCT.Vertebra),
}
"""Category and type of each class in SNOMED CT; the class itself is told by the segment's label."""

_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime",
    "ReferringPhysicianName",
)  # fmt: skip
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID", "SOPClassUID", "Modality")
"""All that is taken from a scan that is referred to, beside the slices' places."""


def write_segmentation_object(labels: Labels, path: Path, reference: list[Dataset] | None = None) -> None:
    """Write a binary SEG with a segment for each class that occurs, named as the class is.

    Parameters
    ----------
    reference : list of Dataset
        For each slice the ``UIDS`` of the scan it was drawn on, from ``dicom_reference.scan_of``;
        None: refer to nothing.

    Raises
    ------
    SetupError
        The file cannot be written.
    """
    present = [name for name, value in CLASSES.items() if value and (labels.voxels == value).any()]
    numbered = np.zeros(labels.voxels.shape, np.uint8)
    for number, name in enumerate(present, 1):
        numbered[labels.voxels == CLASSES[name]] = number
    algorithm = highdicom.AlgorithmIdentificationSequence("aorta", codes.cid7162.NeighborhoodAnalysis, __version__)
    segments = [
        SegmentDescription(number, name, *_CODES[name], SegmentAlgorithmTypeValues.SEMIAUTOMATIC, algorithm)
        for number, name in enumerate(present, 1)
    ]
    with quiet():
        seg = Segmentation(
            _slices(labels.grid, reference),
            numbered,
            "BINARY",
            segments,
            series_instance_uid=generate_uid(),
            series_number=1,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="aorta",
            manufacturer_model_name="aorta",
            software_versions=__version__,
            device_serial_number="none",
            content_label="AORTA",
        )
        if reference is None:
            _without_references(seg)
        with on_os_error(unwritable(path)):
            seg.save_as(path)


def _slices(grid: Grid, reference: list[Dataset] | None) -> list[Dataset]:
    """What highdicom wants to know of the slices that were drawn on: places, UIDs and empty names."""
    own = {keyword: generate_uid() for keyword in UIDS[:3]}
    columns, rows, _ = grid.affine_lps[:3, :3].T / grid.spacing_ijk[:, None]
    result = []
    for k in range(grid.shape_kji[0]):
        item = Dataset()
        for keyword in _EMPTY:
            setattr(item, keyword, "")
        for keyword, uid in own.items():
            setattr(item, keyword, uid)
        item.SOPInstanceUID, item.SOPClassUID, item.Modality = generate_uid(), CTImageStorage, "CT"
        if reference is not None:
            for keyword in UIDS:
                setattr(item, keyword, reference[k][keyword].value)
        item.Rows, item.Columns = grid.shape_kji[1:]
        item.ImagePositionPatient = [_decimal(v) for v in grid.to_lps((0, 0, k))]
        item.ImageOrientationPatient = [_decimal(v) for v in (*columns, *rows)]
        item.PixelSpacing = [_decimal(grid.spacing_ijk[1]), _decimal(grid.spacing_ijk[0])]
        item.SliceThickness = _decimal(grid.spacing_ijk[2])
        item.InstanceNumber = k + 1
        result.append(item)
    return result


def _decimal(value: float) -> str:
    """A decimal string of at most 16 characters, as DICOM wants."""
    return f"{0.0 if abs(value) < 1e-7 else value:.9g}"


def _without_references(seg: Segmentation) -> None:
    """Drop what refers to slices that do not exist."""
    for keyword in ("ReferencedSeriesSequence", "SourceImageSequence"):
        if keyword in seg:
            delattr(seg, keyword)
    for group in (*seg.get("SharedFunctionalGroupsSequence", ()), *seg.PerFrameFunctionalGroupsSequence):
        if "DerivationImageSequence" in group:
            del group.DerivationImageSequence
