"""The methods paragraph says what ran, and no more."""

from dataclasses import fields, replace
from itertools import product
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from aorta.records import WALL, Finding, SecondSeries, Volume
from aorta.report.methods import methods, methods_text
from aorta.report.references import references
from aorta.settings import MechanicsSettings, SecondInput, TissueSettings


def text(results):
    return " ".join(methods(results))


def test_full_case(full):
    words = text(full)
    parts = """CT image of 90 × 90 × 68 voxels (1.60 × 1.60 × 2.50 mm)|thickness of 1.50 mm|'raghavan-vorp-2000'|'wang-2001'|
        80 mmHg, taken as diastolic|120 mmHg|clamped|10.0 mm from the cut ends|2 catalogue rows|4\u00a0032 in the thrombus"""
    for part in parts.split("|"):
        part = part.strip()
        assert part in words, part


def test_what_did_not_run_is_not_told(partial):
    words = text(partial)
    assert "quadratic tetrahedra" in words
    for part in ("image of", "DOLFINx", "systole", "strength", "catalogue"):
        assert part not in words, part
    assert "- mechanics: the case file has no pressure" in methods_text(partial)
    assert not any("DOLFINx" in r for r in references(partial))


@pytest.mark.parametrize(
    ("prestress", "part", "work"), [("none", "taken as stress-free", ""), ("linear", "one linear solution", "Joldes")]
)
def test_settings_show(full, prestress, part, work):
    case = replace(full.case, mechanics=MechanicsSettings(prestress=prestress, ends="sliding", pressure_on="wall"))
    changed = replace(full, case=case)
    assert part in text(changed) and "porous thrombus" in text(changed) and "free to slide" in text(changed)
    cited = " ".join(references(changed))
    assert "Govindjee" not in cited and work in cited


def with_mechanics(results, **settings):
    return replace(results, case=replace(results.case, mechanics=MechanicsSettings(**settings)))


def test_every_word_of_the_mechanics_settings_has_its_own_sentences(full):
    """In all combinations; and no two values of one setting read the same, but where the linear method leaves it out."""
    hints = get_type_hints(MechanicsSettings)
    choices = {f.name: get_args(hints[f.name]) for f in fields(MechanicsSettings) if get_origin(hints[f.name]) is Literal}
    assert set(choices) == {"prestress", "ends", "pressure_on", "spine", "formulation"}
    near = replace(full, mesh=replace(full.mesh, spine=full.anatomy.outer))
    told = {}
    for values in product(*choices.values()):
        chosen = dict(zip(choices, values))
        springs = {"end_stiffness_normal": 0.02} if chosen["ends"] == "elastic" else {}
        told[values] = text(with_mechanics(near, **chosen, **springs))
    nonlinear = {values: words for values, words in told.items() if values[0] != "linear"}
    assert len(nonlinear) == len(set(nonlinear.values())) == 2 * 3 * 2 * 2 * 2
    linear = [words for values, words in told.items() if values[0] == "linear"]
    assert len(set(linear)) == 4  # fixed or sliding, lumen or wall
    for words in linear:
        assert "springs" not in words and "vertebrae" not in words and "raghavan" not in words and "mean stress" not in words


def test_springs_at_the_ends_show_their_stiffness(full):
    words = text(with_mechanics(full, ends="elastic", end_stiffness_normal=0.02))
    assert "springs of 20.0 kPa/mm across the cut and 20.0 kPa/mm within its plane" in words
    words = text(with_mechanics(full, ends="elastic", end_stiffness_normal=0.02, end_stiffness_tangential=0.005))
    assert "springs of 20.0 kPa/mm across the cut and 5.00 kPa/mm within its plane" in words


@pytest.mark.parametrize(
    ("share", "part"),
    [(0.0, "acts on the face that blood touches;"), (0.5, "thrombus 50.0 % of it on the inner face"), (1.0, "under a porous")],
)
def test_the_share_of_pressure_on_the_wall_shows(full, share, part):
    assert part in text(with_mechanics(full, wall_pressure_share=share))


def test_tissue_and_inclusions_show(full):
    case = replace(full.case, tissue=TissueSettings(0.001, 0.0001, "unloaded"))
    stiff = replace(full.mesh, calcified_share=np.zeros(len(full.mesh.tets)))
    words = text(replace(full, case=case, mesh=stiff))
    for part in ("springs of 1.00 kPa/mm, at rest in the unloaded shape", "dashpots of 0.100 kPa s/mm", "modulus of 20.0 MPa"):
        assert part in words, part
    assert "tissue" not in text(full) and "alcification" not in text(full) and "vertebrae" not in text(full)


def test_a_wall_that_the_image_shows_is_told_beside_the_meshs(full):
    def found(name, value):
        return Finding(f"wall_{name}_thickness_mm", value, "mm", "x")

    shown = (found("mean", 2.9), found("min", 1.6), found("max", 4.4))
    words = text(replace(full, findings=(*full.findings, *shown)))
    assert "show a wall of 2.90 mm on average (5th to 95th percentile 1.60 to 4.40 mm)" in words and "does not have it" in words
    withheld_one = replace(shown[0], value=None, valid=False, caution="not resolved")
    for results in (full, replace(full, findings=(*full.findings, withheld_one))):
        assert "show a wall" not in text(results)


def test_thrombus_is_told_only_where_there_is_one(full):
    bare = replace(full, mesh=replace(full.mesh, region=np.full(len(full.mesh.tets), WALL, np.uint8)))
    assert "there is no thrombus" in text(bare) and "wang-2001" not in text(bare)
    assert not any("Wang" in r for r in references(bare)) and any("Wang" in r for r in references(full))


def test_sources_of_findings_are_cited_once(full):
    cited = references(full)
    assert cited.count("Vande Geest et al. 2006, Ann Biomed Eng 34:1098") == 1 and "this program" not in cited


def test_every_published_law_is_cited(full):
    from aorta.mechanics.materials.registry import LAWS
    from aorta.report.references import MATERIALS

    assert set(LAWS) - {"neo-hookean"} == set(MATERIALS)
    case = replace(full.case, wall=replace(full.case.wall, material="raghavan-vorp-2000/soft"))
    assert any("Raghavan" in r for r in references(replace(full, case=case)))


def test_measured_thickness_is_not_told_as_stated(full):
    """The case that reaches the report has no paths, so the file of points cannot be asked for in its settings."""
    found = Finding("mesh_thickness_points", 41.0, "1", "at which the wall's thickness was measured")
    measured = replace(full, findings=(*full.findings, found))
    assert "the thickness measured at 41 points" in text(measured) and "(1.50 mm where no point is near)" in text(measured)
    assert "with a thickness of" in text(full) and "with a thickness of" not in text(measured)
    assert any("Shepard" in r for r in references(measured)) and not any("Shepard" in r for r in references(full))


def test_a_second_image_is_told(full):
    apart = Finding("registration_repeatability_mm", 0.43, "mm", "farthest apart")
    second = SecondSeries(Volume(full.volume.grid, full.volume.voxels, "MR"), np.eye(4), (apart,))
    case = replace(full.case, second=SecondInput("", "lumen", transform="affine"))
    labels = replace(full.segmentation, method="label map, corrected by hand, lumen by mr-angiography")
    words = text(replace(full, case=case, second=second, segmentation=labels))
    assert "automatically and the label map then corrected by hand." in words
    assert "A second image (MR) was laid over the first by affine registration" in words and "0.430 mm" in words
    assert "The lumen was taken from the second image, segmented on it by the method 'mr-angiography'" in words
    assert any("Mattes" in r for r in references(replace(full, second=second)))
    aligned = replace(full, case=case, second=replace(second, findings=()))
    assert "by a transform given by the user" in text(aligned) and "was taken from" not in text(aligned)
    assert not any("Mattes" in r for r in references(aligned)) and "second image" not in text(full)
