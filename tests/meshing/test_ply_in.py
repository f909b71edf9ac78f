"""PLY files as other programs write them, and cut short at every place."""

import numpy as np
import pytest
import pyvista as pv

from aorta.meshing.ply_in import BadPly, read_ply


@pytest.fixture(scope="module")
def tube():
    return pv.Cylinder(radius=8.0, height=60.0, resolution=12, direction=(0, 0, 1)).triangulate().clean()


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "text"])
def test_what_vtk_writes_is_read(tmp_path, tube, binary):
    tube.save(tmp_path / "t.ply", binary=binary)
    points, faces = read_ply(tmp_path / "t.ply")
    np.testing.assert_allclose(points, tube.points, atol=1e-5, rtol=0)
    np.testing.assert_array_equal(faces, tube.faces)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "text"])
def test_a_file_cut_anywhere_is_refused(tmp_path, tube, binary):
    """VTK's own reader crashes on the one and makes points up for the other."""
    tube.save(tmp_path / "t.ply", binary=binary)
    whole = (tmp_path / "t.ply").read_bytes()
    last = len(whole) - 1 if binary else len(whole.rstrip().rpartition(b" ")[0])  # a shorter last number is still one
    for end in (*range(0, last, 97), last):
        (tmp_path / "cut.ply").write_bytes(whole[:end])
        with pytest.raises(BadPly):
            read_ply(tmp_path / "cut.ply")


def test_polygons_of_many_corners_and_other_elements(tmp_path):
    head = "element vertex 5\nproperty double x\nproperty double y\nproperty double z\nelement edge 1\nproperty int v\n"
    head += "element face 2\nproperty uchar red\nproperty list uchar uint vertex_index\nend_header\n"
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]])
    text = "ply\nformat ascii 1.0\ncomment made by hand\n" + head
    (tmp_path / "a.ply").write_text(text + "\n".join(" ".join(map(str, p)) for p in points) + "\n7\n255 4 0 1 2 3\n255 3 0 1 4\n")
    big = points.astype(">f8").tobytes() + np.array([7], ">i4").tobytes()
    for corners in ([0, 1, 2, 3], [0, 1, 4]):
        big += bytes([255, len(corners)]) + np.array(corners, ">u4").tobytes()
    (tmp_path / "b.ply").write_bytes(b"ply\nformat binary_big_endian 1.0\n" + head.encode() + big)
    for name in ("a.ply", "b.ply"):
        got, faces = read_ply(tmp_path / name)
        np.testing.assert_array_equal(got, points)
        np.testing.assert_array_equal(faces, [4, 0, 1, 2, 3, 3, 0, 1, 4])
