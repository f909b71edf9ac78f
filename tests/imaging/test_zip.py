"""Zipped series, and zips that mean harm."""

import stat
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dicom_maker import write_series

from aorta.errors import InputError
from aorta.imaging import archive
from aorta.imaging.read import read_image
from aorta.settings import ImageInput

HERE = ImageInput("somewhere")


def pack(tmp_path, extra=None):
    path = tmp_path / "series.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for item in write_series(tmp_path / "a"):
            file.write(item, f"Smith_John/CT/{item.name}")
        if extra is not None:
            extra(file)
    return path


@pytest.fixture
def private(tmp_path, monkeypatch):
    """The only place where temporary files may appear."""
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_zip_is_the_same_as_its_folder_and_leaves_nothing(tmp_path, private):
    zipped, plain = read_image(pack(tmp_path), HERE), read_image(tmp_path / "a", HERE)
    assert np.array_equal(zipped.voxels, plain.voxels) and zipped.grid.same_as(plain.grid)
    assert list(private.iterdir()) == []


@pytest.mark.parametrize("name", ["../evil.dcm", "a/../../evil.dcm", "/tmp/evil.dcm", "..\\evil.dcm", "C:\\evil.dcm"])
def test_paths_that_climb_out(tmp_path, private, name):
    path = pack(tmp_path, lambda file: file.writestr(name, b"x"))
    before = sorted(p for p in tmp_path.rglob("*"))
    with pytest.raises(InputError, match="points outside"):
        read_image(path, HERE)
    assert sorted(p for p in tmp_path.rglob("*")) == before


def test_symbolic_link(tmp_path, private):
    def link(file):
        info = zipfile.ZipInfo("link.dcm")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")

    with pytest.raises(InputError, match="symbolic link"):
        read_image(pack(tmp_path, link), HERE)


def test_bomb_by_ratio(tmp_path, private):
    path = pack(tmp_path, lambda file: file.writestr("zeros.dcm", bytes(60 * 2**20)))
    assert path.stat().st_size < 2**20
    with pytest.raises(InputError, match="too large when unpacked"):
        read_image(path, HERE)
    assert list(private.iterdir()) == []


def test_bomb_by_number(tmp_path, private, monkeypatch):
    monkeypatch.setattr(archive, "MAX_MEMBERS", 6)
    with pytest.raises(InputError, match="too large when unpacked"):
        read_image(pack(tmp_path), HERE)


def test_member_that_lies_about_its_size(tmp_path, private):
    """A directory that says 1 kB for a member of 2 MB: no more than what was told is written, and the archive is refused."""
    path = pack(tmp_path, lambda file: file.writestr("zz.dcm", bytes(2 * 2**20)))
    data = path.read_bytes()
    true, told = (2 * 2**20).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert data.count(true) >= 1
    path.write_bytes(data.replace(true, told))
    with pytest.raises(InputError, match="zip archive is damaged"):
        read_image(path, HERE)
    assert list(private.iterdir()) == []


def test_damaged_zip(tmp_path, private):
    path = pack(tmp_path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match="zip archive is damaged"):
        read_image(path, HERE)


def test_errors_do_not_name_members(tmp_path, private):
    path = tmp_path / "broken.zip"
    with zipfile.ZipFile(path, "w") as file:
        for item in write_series(tmp_path / "a")[:4:2]:
            file.writestr(f"Smith_John/{item.name}", item.read_bytes()[:-50])
    with pytest.raises(InputError) as caught:
        read_image(Path(path), HERE)
    assert "Smith" not in str(caught.value) and str(tmp_path) not in str(caught.value)
