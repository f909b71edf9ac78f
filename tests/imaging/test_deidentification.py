"""Marker values in every tag that may identify, and in file names: none of them gets out of this package.

Planted are all elements of the DICOM dictionary that hold text, names, dates, times or UIDs (a
superset of PS3.15 table E.1-1), except the few that the reader needs, and private tags.
"""

import dataclasses
import logging
import re
import traceback
import warnings
from collections.abc import Mapping

import numpy as np
import pydicom
import pytest
from dicom_maker import BROKEN, write_series
from pydicom.datadict import DicomDictionary

from aorta.errors import InputError
from aorta.imaging.labelmap import read_labels
from aorta.imaging.read import read_image
from aorta.settings import ImageInput, LabelInput

MARKERS = {
    **dict.fromkeys(("LO", "SH", "LT", "ST", "UT", "UC"), "ZZMARKER Smith"),
    "PN": "ZZMARKER^Smith^John",
    "CS": "ZZMARKER",
    "AE": "ZZMARKER",
    "UR": "http://zzmarker.example",
    "AS": "091Y",
    "DA": "19370713",
    "DT": "19370713052917",
    "TM": "052917.731",
    "UI": "1.2.826.0.1.3680043.8.498.777777731",
}
NUMERIC = {"PatientWeight": "77.7731", "PatientSize": "1.7777731", "PregnancyStatus": 4, "DeviceSerialNumber": "ZZMARKER-7777731"}
LEAK = re.compile(r"zzmarker|smith|091Y|1937|0713|0529|052917|777777|7777731|77\.7731|zzprivate", re.IGNORECASE)
NEEDED = {
    "SOPClassUID", "SeriesInstanceUID", "Modality", "PhotometricInterpretation", "TransferSyntaxUID", "SpecificCharacterSet",
    "PixelPresentation", "VolumetricProperties",
}  # fmt: skip


def plantable():
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        group = tag >> 16
        if (
            keyword
            and vr in MARKERS
            and keyword not in NEEDED
            and group in (0x0008, 0x0010, 0x0012, 0x0018, 0x0020, 0x0032, 0x0038, 0x0040)
        ):
            yield keyword, vr


def plant(ds, k):
    series = "1.2.826.0.1.3680043.8.498.777777730"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword, vr in plantable():
            setattr(ds, keyword, MARKERS[vr])
        for keyword, value in NUMERIC.items():
            setattr(ds, keyword, value)
        ds.SeriesInstanceUID = series
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.8.498.777777731.{k}"
        ds.file_meta.ImplementationVersionName = "ZZMARKER"
        private = ds.private_block(0x0011, "ZZPRIVATE Smith", create=True)
        private.add_new(1, "LO", "ZZMARKER of Smith")
        private = ds.private_block(0x0029, "ZZPRIVATE CSA", create=True)
        private.add_new(2, "OB", b"ZZMARKER of Smith!")


@pytest.fixture
def planted(tmp_path):
    folder = tmp_path / "ZZMARKER_Smith_John"
    return folder, write_series(folder, prefix="ZZMARKER_1937_", change=plant)


def strings(value):
    """Every text anywhere inside a record."""
    if dataclasses.is_dataclass(value):
        yield repr(value)
        for item in dataclasses.fields(value):
            yield from strings(getattr(value, item.name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (*strings(key), *strings(item))
    elif isinstance(value, (tuple, list, set)):
        for item in value:
            yield from strings(item)
    elif isinstance(value, np.ndarray):
        assert value.dtype.kind in "iuf"
    else:
        yield str(value)


@pytest.fixture
def overheard(caplog, capfd, recwarn):
    """All that was logged, printed (also by C++) or warned."""
    caplog.set_level(logging.DEBUG)

    def listen():
        out, err = capfd.readouterr()
        return "\n".join([caplog.text, out, err, *(str(w.message) for w in recwarn)])

    return listen


def test_there_is_something_to_find(planted):
    assert len(list(plantable())) > 700
    ds = pydicom.dcmread(planted[1][0])
    assert ds.PatientName == "ZZMARKER^Smith^John" and ds.ConvolutionKernel == "ZZMARKER Smith"
    assert ds.ScanningSequence == "ZZMARKER"
    assert LEAK.search(str(ds.PatientBirthDate)) and LEAK.search(ds.StudyInstanceUID) and LEAK.search(str(ds.StudyTime))


def test_no_marker_in_a_volume(planted, overheard):
    volume = read_image(planted[0], ImageInput("somewhere"), lambda message, fraction=None: logging.info(message))
    assert volume.grid.shape_kji == (7, 12, 10)
    for text in strings(volume):
        assert not LEAK.search(text), text
    assert not LEAK.search(overheard())


def told(error):
    """All that a caller could show of an error."""
    shown = [str(error), repr(error), repr(error.as_dict()), "".join(traceback.format_exception(error))]
    return "\n".join([*shown, *map(repr, error.args)])


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda f: f.__name__)
def test_no_marker_in_an_error(planted, overheard, breaks):
    folder, paths = planted
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        breaks(paths)
    overheard()
    with pytest.raises(InputError) as caught:
        read_image(folder, ImageInput("somewhere"))
    assert not LEAK.search(told(caught.value).replace(str(folder), "")), told(caught.value)
    assert not LEAK.search(overheard())


@pytest.mark.parametrize(
    "name",
    ["ImagePositionPatient", "PixelSpacing", "RescaleSlope", "Rows", "SeriesNumber", "GantryDetectorTilt", "SliceThickness", "KVP",
     "NumberOfFrames", "BitsAllocated", "Modality", "PhotometricInterpretation", "SOPClassUID"],
)  # fmt: skip
def test_marker_where_a_number_or_code_belongs(planted, overheard, name):
    """Such values make libraries quote them in their errors."""
    folder, paths = planted

    def spoil(path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = pydicom.dcmread(path)
            pixels = ds.PixelData
            ds.add(pydicom.DataElement(pydicom.tag.Tag(name), "LO", "ZZMARKER of Smith"))
            ds.PixelData = pixels
            ds.save_as(path)

    for path in paths:
        spoil(path)
    overheard()
    try:
        volume = read_image(folder, ImageInput("somewhere"))
    except InputError as error:
        shown = told(error)
    else:
        shown = "\n".join(strings(volume))
    assert not LEAK.search(shown.replace(str(folder), "")), shown
    assert not LEAK.search(overheard())


def test_choosing_between_series_tells_nothing(tmp_path):
    folder = tmp_path / "ZZMARKER"
    for number in (1, 2):

        def change(ds, k, number=number):
            plant(ds, k)
            ds.SeriesInstanceUID = f"1.2.826.0.1.3680043.8.498.77777773{number}"
            ds.SeriesNumber = number

        write_series(folder, prefix=f"ZZMARKER_{number}_", change=change)
    with pytest.raises(InputError, match="several series") as caught:
        read_image(folder, ImageInput("somewhere"))
    assert len(caught.value.details) == 2 and not LEAK.search(told(caught.value))


@pytest.mark.parametrize(
    "name", ["ZZMARKER.nii", "ZZMARKER.nii.gz", "ZZMARKER.nrrd", "ZZMARKER.mha", "ZZMARKER.zip", "ZZMARKER", "ZZMARKER.jpg"]
)
def test_file_names_are_not_told(tmp_path, overheard, name):
    for content in (None, b"", b"\xff\xd8\xff\xe0" + bytes(400), bytes(2000)):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        for read in (lambda p: read_image(p, ImageInput("x", modality="CT")), lambda p: read_labels(p, LabelInput("x"))):
            with pytest.raises(InputError) as caught:
                read(path)
            assert not LEAK.search(told(caught.value))
    assert not LEAK.search(overheard())
