"""The methods paragraph says what ran, and no more."""

from dataclasses import replace

import numpy as np
import pytest

from aorta.records import WALL
from aorta.report.methods import methods, methods_text
from aorta.report.references import references
from aorta.settings import MechanicsSettings


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
