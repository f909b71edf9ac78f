"""What tests of several packages share because it takes seconds to make."""

from pathlib import Path

import pytest

_TOGETHER = ("e2e", "report")
"""Packages whose modules share runs of the whole pipeline, which take a minute and more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module, or a package that shares runs, in one of the processes (``-n``), the longest first."""
    items.sort(key=lambda item: item.path.parent.name != "e2e")
    for item in items:
        package = item.path.parent.name
        group = package if package in _TOGETHER else item.path.relative_to(Path(__file__).parent).as_posix()
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def coarse_phantom():
    """The phantom with 3 mm slices and 1.8 mm pixels, labels only, and the anatomy measured on them."""
    from aorta.anatomy.measure import measure
    from aorta.phantom.make import COARSE_SHAPE_KJI, make_phantom
    from aorta.settings import AnatomySettings

    phantom = make_phantom(shape_kji=COARSE_SHAPE_KJI, labels_only=True)
    return phantom, measure(phantom.labels, {}, AnatomySettings(), {})
