"""A sac that goes on beyond what is measured: the greatest diameter says so."""

import numpy as np
import pytest
from test_neck import aorta

from aorta.anatomy.shape import diameter_findings

ARC = np.arange(100.0)


def greatest(diameter):
    return next(f for f in diameter_findings(aorta(diameter)[0], True) if f.name == "max_diameter_mm")


@pytest.mark.parametrize(("turn", "which"), [(1, "lowest"), (-1, "uppermost")])
@pytest.mark.parametrize(("slope", "told"), [(0.098, False), (0.102, True)])
def test_only_a_widening_of_over_half_a_millimetre_in_five_is_told(turn, which, slope, told):
    finding = greatest((20 + slope * ARC)[::turn])
    assert finding.value == pytest.approx(20 + 99 * slope, rel=1e-12)
    assert (f"widest at the {which} section" in finding.caution) is told


def test_a_sac_that_is_all_in_view_is_not_cautioned():
    assert greatest(20 + 30 * np.sin(np.pi * ARC / 99)).caution == ""


def test_sections_that_are_not_whole_do_not_count():
    diameter = 20 + 0.2 * ARC
    diameter[-8:] = np.nan
    assert greatest(diameter).value == pytest.approx(20 + 0.2 * 91, rel=1e-12)
    assert "lowest section" in greatest(diameter).caution
