"""VTP files in every encoding that VTK writes: the same points and triangles as VTK reads, and no trust in what they state."""

import re
import zlib

import numpy as np
import pytest
import pyvista as pv
from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

from aorta.errors import InputError
from aorta.meshing import vtp_in
from aorta.meshing.surfaces_in import read_surface
from aorta.meshing.vtp_in import BadVtp, read_vtp

BALL = pv.Sphere(radius=20.0, theta_resolution=60, phi_resolution=50)


def write(path, mode="Appended", encoded=True, compressor="ZLib", order="LittleEndian", header=64, data=BALL):
    writer = vtkXMLPolyDataWriter()
    writer.SetFileName(str(path))
    writer.SetInputData(data)
    getattr(writer, f"SetDataModeTo{mode}")()
    writer.SetEncodeAppendedData(encoded)
    getattr(writer, f"SetCompressorTypeTo{compressor}")()
    getattr(writer, f"SetByteOrderTo{order}")()
    getattr(writer, f"SetHeaderTypeToUInt{header}")()
    writer.SetBlockSize(4096)
    writer.Write()
    return path


@pytest.mark.parametrize("order", ["LittleEndian", "BigEndian"])
@pytest.mark.parametrize("header", [32, 64])
@pytest.mark.parametrize("compressor", ["None", "ZLib", "LZMA", "LZ4"])
@pytest.mark.parametrize(("mode", "encoded"), [("Ascii", True), ("Binary", True), ("Appended", True), ("Appended", False)])
def test_every_encoding_gives_what_vtk_reads(tmp_path, mode, encoded, compressor, header, order):
    path = write(tmp_path / "a.vtp", mode, encoded, compressor, order, header)
    read, known = read_vtp(path), pv.read(path)
    assert np.array_equal(read.points, known.points) and np.array_equal(read.cells, known.faces)


def test_triangle_strips_and_several_pieces(tmp_path):
    strip = BALL.strip()
    assert strip.n_strips > 0
    write(tmp_path / "a.vtp", data=strip)
    surface = read_surface(tmp_path / "a.vtp", "mm", "LPS")
    assert surface.volume_mm3 == pytest.approx(BALL.volume, rel=1e-5)
    writer = vtkXMLPolyDataWriter()
    writer.SetFileName(str(tmp_path / "b.vtp"))
    writer.SetInputData(BALL)
    writer.SetNumberOfPieces(3)
    writer.Write()
    read, known = read_vtp(tmp_path / "b.vtp"), pv.read(tmp_path / "b.vtp")
    assert known.n_points == 3 * BALL.n_points  # VTK writes the whole in each piece
    assert np.array_equal(read.points, known.points) and np.array_equal(read.cells, known.faces)


def test_damaged_lz4_is_refused_without_a_word_of_vtks(tmp_path, capfd):
    path = write(tmp_path / "a.vtp", compressor="LZ4", encoded=False)
    data, start = path.read_bytes(), 0
    start = re.search(rb"<AppendedData[^>]*>\s*_", data).end()
    refused = 0
    for at in range(start + 2000, len(data) - 2000, len(data) // 40):
        path.write_bytes(data[:at] + bytes(255 - b for b in data[at : at + 40]) + data[at + 40 :])
        try:
            read_vtp(path)
        except BadVtp:
            refused += 1
    assert refused >= 5
    assert capfd.readouterr().err == ""


def test_a_compressor_that_is_not_known_is_told(tmp_path):
    path = write(tmp_path / "a.vtp", compressor="ZLib")
    path.write_bytes(path.read_bytes().replace(b"vtkZLibDataCompressor", b"vtkSnappyDataCompressor"))
    with pytest.raises(BadVtp, match="not known"):
        read_vtp(path)


@pytest.mark.parametrize("compressor", ["None", "ZLib", "LZMA", "LZ4"])
@pytest.mark.parametrize("encoded", [True, False])
def test_a_size_that_the_file_cannot_hold_is_refused(tmp_path, compressor, encoded):
    """VTK takes memory for it first and ends the process."""
    import base64

    path = write(tmp_path / "a.vtp", compressor=compressor, encoded=encoded)
    data = path.read_bytes()
    start = re.search(rb"<AppendedData[^>]*>\s*_", data).end()
    offset = int(re.search(rb'<Points>.*?offset="(\d+)"', data, re.S)[1])
    huge = (2**45).to_bytes(8, "little") * (1 if compressor == "None" else 3)
    head = base64.b64encode(huge + bytes(-len(huge) % 3))[: 4 * (len(huge) // 3)] if encoded else huge
    at = start + offset
    path.write_bytes(data[:at] + head + data[at + len(head) :])
    with pytest.raises(InputError, match="cannot be read"):
        read_surface(path, "mm", "LPS")


def test_a_block_that_swells_is_refused(tmp_path):
    """A zlib block of far more bytes than stated is cut at what was stated, and refused if that is not all."""
    import zlib

    from aorta.meshing.vtp_in import _unpacked

    bomb = zlib.compress(bytes(50_000_000))
    assert len(_unpacked(bomb, 1000, "vtkZLibDataCompressor")) == 1001


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.7, 0.97])
@pytest.mark.parametrize("encoded", [True, False])
def test_cut_off(tmp_path, keep, encoded):
    path = write(tmp_path / "a.vtp", encoded=encoded)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(BadVtp):
        read_vtp(path)


def test_entities_are_refused(tmp_path):
    path = tmp_path / "a.vtp"
    path.write_text('<!DOCTYPE x [<!ENTITY a "aaaa">]><VTKFile type="PolyData"><PolyData/></VTKFile>')
    with pytest.raises(BadVtp, match="entities"):
        read_vtp(path)


def test_corner_without_a_point(tmp_path):
    path = write(tmp_path / "a.vtp", mode="Ascii")
    text = path.read_text()
    start = text.index("<Polys>")
    row = text.index(">", text.index("connectivity", start)) + 1
    number = re.search(r"\d+", text[row:])
    path.write_text(text[: row + number.start()] + "99999" + text[row + number.end() :])
    with pytest.raises(BadVtp, match="not there"):
        read_vtp(path)


def test_arrays_that_unpack_to_too_much_are_refused(tmp_path, monkeypatch):
    """Two pieces that name the same 0.7 MiB of zeros, with room for 1 MiB."""
    assert vtp_in._Room().left == 512 * 2**20
    monkeypatch.setattr(vtp_in._Room, "left", 2**20)
    count = 7 * 2**20 // 120
    block = zlib.compress(bytes(12 * count), 9)
    packed = np.array([1, 12 * count, 0, len(block)], "<u8").tobytes() + block
    piece = f"""<Piece NumberOfPoints="{count}"><Points><DataArray type="Float32" NumberOfComponents="3" format="appended"
        offset="0"/></Points></Piece>"""
    path = tmp_path / "a.vtp"
    path.write_bytes(
        b'<VTKFile type="PolyData" header_type="UInt64" byte_order="LittleEndian" compressor="vtkZLibDataCompressor"><PolyData>'
        + 2 * piece.encode()
        + b'</PolyData><AppendedData encoding="raw">_'
        + packed
        + b"</AppendedData></VTKFile>"
    )
    with pytest.raises(BadVtp, match="cannot hold, or more than 512 MiB"):
        read_vtp(path)
    monkeypatch.setattr(vtp_in._Room, "left", 2 * 12 * count)
    with pytest.raises(BadVtp, match="it has no triangles"):  # read to its end
        read_vtp(path)
