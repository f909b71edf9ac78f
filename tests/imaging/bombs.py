"""Small files that hold enormous ones: zeros, deflated a thousand to one."""

import zlib
from pathlib import Path

import pydicom
from dicom_maker import write_series
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

MEGABYTE = 1 << 20


def _zeros(megabytes: int) -> bytes:
    """Deflated, without an end: whole blocks that need nothing before them."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return (packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)) * megabytes


def deflated_dicom(path: Path, megabytes: int) -> Path:
    """A slice of CT, deflated as a whole, with this much in its pixel data."""
    ds = pydicom.dcmread(write_series(path.parent / "slices")[0])
    del ds.PixelData
    head = DicomBytesIO()
    head.is_implicit_VR, head.is_little_endian = False, True
    write_dataset(head, ds)
    head.write(b"\xe0\x7f\x10\x00OW\0\0" + (megabytes * MEGABYTE).to_bytes(4, "little"))
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    start = packer.compress(head.getvalue()) + packer.flush(zlib.Z_FULL_FLUSH)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    with path.open("wb") as file:
        file.write(bytes(128) + b"DICM")
        write_file_meta_info(file, ds.file_meta)
        file.write(start + _zeros(megabytes) + b"\x03\x00")  # an empty last block
    return path


def gzip_nrrd(path: Path, shape: tuple[int, int, int], kind: str = "double", itemsize: int = 8) -> Path:
    """An NRRD file of this size, all zero, that lies where it should."""
    megabytes = -(-shape[0] * shape[1] * shape[2] * itemsize // MEGABYTE)
    header = f"""NRRD0004
type: {kind}
dimension: 3
space: left-posterior-superior
sizes: {" ".join(map(str, shape))}
space directions: (1,0,0) (0,1,0) (0,0,1)
kinds: domain domain domain
endian: little
encoding: gzip
space origin: (0,0,0)

"""
    path.write_bytes(header.encode() + b"\x1f\x8b\x08" + bytes(6) + b"\xff" + _zeros(megabytes) + b"\x03\x00" + bytes(8))
    return path
