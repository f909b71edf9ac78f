"""What tests of several packages share because it takes seconds to make."""

import pytest


@pytest.fixture(scope="session")
def coarse_phantom():
    """The phantom with 3 mm slices and 1.8 mm pixels, labels only, and the anatomy measured on them."""
    from aorta.anatomy.measure import measure
    from aorta.phantom.make import COARSE_SHAPE_KJI, make_phantom
    from aorta.settings import AnatomySettings

    phantom = make_phantom(shape_kji=COARSE_SHAPE_KJI, labels_only=True)
    return phantom, measure(phantom.labels, {}, AnatomySettings(), {})
