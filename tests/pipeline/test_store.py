"""A stage is reused exactly when nothing that made it has changed, and says why when not."""

import hashlib
import resource
import shutil

import pytest
from dicom_maker import write_disc

from aorta.errors import SetupError
from aorta.pipeline.store import Store, file_digest
from aorta.records import Finding

PARTS = {"mesh": {"size": 3.0, "layers": 1}, "upstream": {"anatomy": "abc"}, "code": "1"}
RECORD = (Finding("a_mm", 1.5, "mm", "m"),)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "stages")


def publish(store, parts=PARTS, record=RECORD):
    return store.publish("mesh", parts, record, {"seconds": 1.0, "findings": [], "cautions": []})


def test_found_again(store):
    assert store.find("mesh", PARTS) == (None, "not run before")
    publish(store)
    finished, why = store.find("mesh", PARTS)
    assert finished.load() == RECORD
    assert why == "nothing changed"


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({**PARTS, "mesh": {"size": 2.0, "layers": 1}}, "mesh.size: 3.0 -> 2.0"),
        ({**PARTS, "upstream": {"anatomy": "abd"}}, "anatomy changed"),
        ({**PARTS, "code": "2"}, "the program's code for this stage changed"),
        ({**PARTS, "mesh": {"size": 3.0, "layers": 1, "new": None}}, "this version of the program knows more settings"),
    ],
)
def test_says_why_it_is_stale(store, parts, why):
    publish(store)
    finished, told = store.find("mesh", parts)
    assert finished is None
    assert told == why


def test_altered_result_is_not_used(store):
    finished = publish(store)
    path = finished.folder / "record.json"
    path.write_text(path.read_text().replace("1.5", "1.6"))
    found, why = store.find("mesh", PARTS)
    assert found is None
    assert "altered" in why
    publish(store)
    assert store.find("mesh", PARTS)[0].load() == RECORD


def test_missing_file_is_not_used(store):
    finished = publish(store)
    (finished.folder / "arrays.npz").unlink()
    assert store.find("mesh", PARTS)[0] is None


def test_half_written_is_never_found(store):
    """A writer that was killed leaves a draft: not found, and swept away."""
    finished = publish(store)
    draft = store.folder / ".mesh-123"
    shutil.copytree(finished.folder, draft)
    shutil.rmtree(finished.folder)
    assert store.find("mesh", PARTS)[0] is None
    store.sweep()
    assert not draft.exists()


def test_old_result_goes_when_the_new_is_there(store):
    first = publish(store)
    second = publish(store, {**PARTS, "code": "2"})
    assert not first.folder.exists()
    assert second.folder.exists()


def test_full_disk_keeps_what_was_there(store):
    """A limit on file size stands in for a full disk."""
    first = publish(store)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(SetupError) as caught:
            publish(store, {**PARTS, "code": "2"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.exit_status == 8
    assert first.load() == RECORD
    assert [p.name for p in store.folder.iterdir()] == [first.folder.name]


@pytest.mark.parametrize(
    ("header", "line", "data"),
    [
        ("a.mhd", "ElementDataFile = a b.raw", ["a b.raw"]),
        ("a.mhd", "ElementDataFile = s%03d.raw 1 2 1", ["s001.raw", "s002.raw"]),
        ("a.MHD", "ElementDataFile = LIST\nx.raw\ny.raw", ["x.raw", "y.raw"]),
        ("a.nhdr", "data file: a.raw.gz", ["a.raw.gz"]),
        ("a.nhdr", "datafile: LIST 2\nx.raw\ny.raw", ["x.raw", "y.raw"]),
    ],
)
def test_voxels_beside_their_header_are_part_of_its_digest(tmp_path, header, line, data):
    folder = tmp_path / "sc[an"  # a name that a pattern would misread
    folder.mkdir()
    path = folder / header
    path.write_text(f"type: short\n{line}\n")
    for name in data:
        (folder / name).write_bytes(b"1")
    (folder / "other.raw").write_bytes(b"1")
    seen = [file_digest(path)]
    for name in data:
        (folder / name).write_bytes(b"2")
        seen.append(file_digest(path))
    assert len(set(seen)) == len(data) + 1
    (folder / "other.raw").write_bytes(b"2")
    assert file_digest(path) == seen[-1]


def test_images_behind_a_dicomdir_are_part_of_its_digest(tmp_path):
    index = write_disc(tmp_path)
    (tmp_path / "disc" / "README").write_text("1")
    seen = [file_digest(index)]
    for image in sorted(p for p in (tmp_path / "disc").rglob("*") if p.is_file() and p.name not in ("DICOMDIR", "README"))[:2]:
        data = bytearray(image.read_bytes())
        data[-2] ^= 1  # a voxel
        image.write_bytes(bytes(data))
        seen.append(file_digest(index))
    assert len(set(seen)) == 3
    (tmp_path / "disc" / "README").write_text("2")
    assert file_digest(index) == seen[-1]
    image.unlink()  # the reader refuses this disc; the digest must not
    assert file_digest(index) not in seen


def test_folders_that_are_linked_to_are_part_of_a_followed_digest(tmp_path):
    weights, elsewhere = tmp_path / "weights", tmp_path / "elsewhere"
    (elsewhere / "fold_0").mkdir(parents=True)
    weights.mkdir()
    checkpoint = elsewhere / "fold_0" / "checkpoint_final.pth"
    checkpoint.write_bytes(b"1")
    (weights / "Dataset297").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(weights)  # a circle
    before, without = file_digest(weights, follow=True), file_digest(weights)
    checkpoint.write_bytes(b"2")
    assert file_digest(weights, follow=True) != before and file_digest(weights) == without


def test_a_folders_digest_is_of_names_and_contents(tmp_path):
    """As kept in the stages of earlier runs."""
    for name, text in {"a/b": "1", "a.txt": "2", ".c": "3"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert file_digest(tmp_path) == hashlib.sha256(b".c3a/b1a.txt2").hexdigest()
