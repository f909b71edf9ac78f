"""The made-up case and its pages, drawn once for all tests of the report."""

import pytest
from synthetic_results import full_results, measured_only

from aorta.report.page import page


@pytest.fixture(scope="session")
def full():
    """Results with every record."""
    return full_results()


@pytest.fixture(scope="session")
def partial():
    """Results of a label map without pressure."""
    return measured_only()


@pytest.fixture(scope="session")
def full_page(full):
    return page(full)


@pytest.fixture(scope="session")
def full_html(full_page):
    return full_page.html()


@pytest.fixture(scope="session")
def partial_html(partial):
    return page(partial).html()
