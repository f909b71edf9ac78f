"""The page of the laws is what the registry says, and its curves are the laws'."""

import re

import numpy as np
import pytest
from material_page import FOLDER, curves, page, plot

from aorta.mechanics.materials.registry import LAWS, material


def test_page_is_up_to_date():
    assert (FOLDER / "materials.md").read_text(encoding="utf-8") == page(), "run: python -m tests.make_reference"
    assert {path.stem for path in (FOLDER / "materials").iterdir()} == set(LAWS)


@pytest.mark.parametrize("name", LAWS)
def test_plot_is_up_to_date(name):
    text, number = (FOLDER / "materials" / f"{name}.svg").read_text(encoding="utf-8"), re.compile(r"-?\d+\.\d+")
    assert number.sub("", text) == number.sub("", plot(name)), "run: python -m tests.make_reference"
    old, new = (np.array(number.findall(t), float) for t in (text, plot(name)))
    np.testing.assert_allclose(new, old, rtol=0, atol=0.11)  # a tenth of a pixel
    assert len(text) < 60_000


def test_snippets_are_accepted():
    from ruamel.yaml import YAML

    snippets = re.findall(r"```yaml\n(.*?)```", page(), re.DOTALL)
    assert len(snippets) == len(LAWS)
    for snippet in snippets:
        ((part, section),) = YAML(typ="safe").load(snippet).items()
        material(section["material"], section["parameters"], 34.8, part)


def test_curves_of_a_known_law():
    """Raghavan and Vorp, incompressible: σ = 2[α + 2β(I1 - 3)](λ² - 1/λ)."""
    stretch, stress = curves("raghavan-vorp-2000")["uniaxial"]
    exact = 2 * (0.174 + 2 * 1.881 * (stretch**2 + 2 / stretch - 3)) * (stretch**2 - 1 / stretch)
    np.testing.assert_allclose(stress, exact, rtol=1e-3, atol=1e-12)
