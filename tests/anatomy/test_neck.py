"""The neck's definition on profiles known in closed form."""

from dataclasses import fields

import numpy as np
import pytest

from aorta.anatomy.curve import resample
from aorta.anatomy.neck import find_end, neck_findings
from aorta.records import Sections


def aorta(diameter, bend_at=None, bend_deg=0.0, spacing=1.0):
    """Sections of these equal-area diameters along an axis that turns once, and its curve."""
    arc = spacing * np.arange(len(diameter))
    turn = np.radians(np.where(arc >= (bend_at if bend_at is not None else np.inf), bend_deg, 0.0))
    steps = spacing * np.stack([np.sin(turn), 0 * arc, -np.cos(turn)], axis=1)
    centre = np.vstack([[0, 0, 0], np.cumsum(steps[:-1], axis=0)])
    columns = {f.name: np.zeros(len(arc)) for f in fields(Sections)}
    columns |= {"branch": "aorta", "arc_length_mm": arc, "centre": centre, "normal": steps / spacing}
    for name in ("outer_max_diameter_mm", "outer_min_diameter_mm", "outer_equivalent_diameter_mm", "outer_perimeter_diameter_mm"):
        columns[name] = np.asarray(diameter, float)
    columns["lumen_equivalent_diameter_mm"] = np.asarray(diameter, float) - 3
    return Sections(**columns), resample(centre)


def values(sections, curve, span, bottom):
    return {f.name: f for f in neck_findings(sections, curve, span, "", bottom, "the bottom")}


def test_neck_ends_where_the_diameter_has_grown_by_the_share():
    """20 mm wide up to 40 mm, then 0.5 mm wider each mm: + 10 % is reached at 44 mm."""
    arc = np.arange(120.0)
    sections, curve = aorta(20 + 0.5 * np.clip(arc - 40, 0, 60))
    span = find_end(sections, 15.0, 0.10)
    assert (span.start, span.end) == (15.0, pytest.approx(44.0, abs=1e-9))
    got = values(sections, curve, span, 119.0)
    assert got["neck_length_mm"].value == pytest.approx(29.0, abs=1e-9)
    assert got["neck_diameter_mm"].value == pytest.approx((25 * 20 + 20 + 20.5 + 21 + 21.5 + 22) / 30, rel=1e-12)
    assert got["neck_diameter_10mm_below_renal_mm"].value == pytest.approx(20.0, abs=1e-12)
    assert got["neck_lumen_diameter_10mm_below_renal_mm"].value == pytest.approx(17.0, abs=1e-12)


def test_growth_share_moves_the_end():
    sections, _ = aorta(20 + 0.5 * np.clip(np.arange(120.0) - 40, 0, 60))
    assert find_end(sections, 15.0, 0.20).end == pytest.approx(48.0, abs=1e-9)


def test_one_noisy_section_does_not_end_the_neck():
    diameter = 20 + 0.5 * np.clip(np.arange(120.0) - 40, 0, 60)
    diameter[30] = 23
    assert find_end(aorta(diameter)[0], 15.0, 0.10).end == pytest.approx(44.0, abs=1e-9)


def test_a_missing_section_does_not_end_the_neck():
    diameter = 20 + 0.5 * np.clip(np.arange(120.0) - 40, 0, 60)
    diameter[28] = np.nan
    assert find_end(aorta(diameter)[0], 15.0, 0.10).end == pytest.approx(44.0, abs=1e-9)


@pytest.mark.parametrize("angle", [0.0, 30.0, 60.0])
def test_angulation_is_the_angle_between_the_axes(angle):
    diameter = np.r_[np.full(45, 20.0), np.full(60, 40.0)]
    sections, curve = aorta(diameter, bend_at=44.0, bend_deg=angle)
    got = values(sections, curve, find_end(sections, 15.0, 0.10), 104.0)
    assert got["neck_angulation_deg"].value == pytest.approx(angle, abs=0.3)
    assert got["suprarenal_angulation_deg"].value == pytest.approx(0.0, abs=0.3)


def test_conicity_is_the_slope_per_centimetre():
    arc = np.arange(100.0)
    diameter = np.where(arc <= 40, 20 + 0.04 * (arc - 20), 40.0)
    got = values(*aorta(diameter), find_end(aorta(diameter)[0], 20.0, 0.10), 99.0)
    assert got["neck_conicity_mm_per_cm"].value == pytest.approx(0.4, rel=1e-6)


def test_without_a_renal_artery_all_is_withheld_with_the_reason():
    sections, curve = aorta(np.full(60, 20.0))
    for finding in neck_findings(sections, curve, None, "no renal artery is in view", 59.0, ""):
        assert finding.value is None and finding.caution == "no renal artery is in view" and not finding.valid


def test_an_aorta_that_does_not_widen_has_a_diameter_but_no_length():
    sections, curve = aorta(np.full(80, 20.0))
    got = values(sections, curve, find_end(sections, 20.0, 0.10), 79.0)
    assert got["neck_diameter_mm"].value == pytest.approx(20.0, rel=1e-12) and not got["neck_diameter_mm"].valid
    assert got["neck_length_mm"].value is None and "nowhere widens" in got["neck_length_mm"].caution
    assert got["neck_angulation_deg"].value is None


def test_too_little_aorta_above_withholds_the_suprarenal_angle():
    sections, curve = aorta(20 + 0.5 * np.clip(np.arange(120.0) - 40, 0, 60))
    got = values(sections, curve, find_end(sections, 10.0, 0.10), 119.0)
    assert got["suprarenal_angulation_deg"].value is None and "10 mm" in got["suprarenal_angulation_deg"].caution
