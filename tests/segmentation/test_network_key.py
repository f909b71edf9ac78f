"""The key of labels by a network: its weights, wherever they lie, and the libraries that run it."""

from dataclasses import replace

from network_stand_ins import write_library, write_model

from aorta.pipeline.context import Context
from aorta.pipeline.labelling import segment_parts
from aorta.segmentation.learned.process import library_versions
from aorta.settings import Case, ImageInput, SegmentationSettings


def parts(folder):
    settings = SegmentationSettings("nnunet", weights="model", python="env/python")
    case = Case(1, "A", image=ImageInput("x"), segmentation=settings)
    library_versions.cache_clear()
    return segment_parts(Context(case, folder, folder, {}.get, None))


def test_weights_behind_a_link_and_the_librarys_version_are_part_of_the_key(tmp_path):
    write_library(tmp_path / "env")
    model = write_model(tmp_path / "model")
    (model / "fold_0").rename(tmp_path / "elsewhere")
    (model / "fold_0").symlink_to(tmp_path / "elsewhere")
    first = parts(tmp_path)
    assert parts(tmp_path) == first
    (tmp_path / "elsewhere" / "checkpoint_final.pth").write_text("other")
    second = parts(tmp_path)
    assert second["file_weights"] != first["file_weights"] and {**second, "file_weights": first["file_weights"]} == first
    info = tmp_path / "env" / "lib" / "torch-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 9.9\n")
    third = parts(tmp_path)
    assert third["libraries"] == {**second["libraries"], "torch": "torch 9.9"}
    assert {**third, "libraries": second["libraries"]} == second
    assert str(tmp_path) not in str(third)


def test_without_a_network_nothing_is_asked(tmp_path):
    case = Case(1, "A", image=ImageInput("x"))
    assert "libraries" not in segment_parts(Context(replace(case), tmp_path, tmp_path, {}.get, None))
