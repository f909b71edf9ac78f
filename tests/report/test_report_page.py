"""The page: what it says equals result.json, it loads nothing, and it can be read without pictures."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from aorta.records import Finding, Grid, Results, SecondSeries, Volume
from aorta.report.display import show
from aorta.report.page import page
from aorta.report.result import result
from aorta.report.tables import changed_settings
from aorta.settings import (
    Case,
    ImageInput,
    LabelInput,
    Patient,
    SecondInput,
    SegmentationSettings,
    StentSettings,
    SurfaceInput,
    WallSettings,
)


class Reader(HTMLParser):
    """Collects tags, and the text of each finding's value cell."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.values, self.text, self.headings = [], {}, [], []
        self._finding, self._open, self._quiet = None, [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self._quiet = tag in ("script", "style")
        if tag == "tr":
            self._finding = attributes.get("data-finding")
        if tag == "td" and self._finding and "value" in attributes.get("class", ""):
            self._open = self.values.setdefault(self._finding, [])
        if tag == "h2":
            self.headings.append("")

    def handle_endtag(self, tag):
        self._quiet = False
        if tag == "td":
            self._open = []

    def handle_data(self, data):
        if not self._quiet:
            self.text.append(data)
            if data.strip():
                self._open.append(data.strip())
            if self.headings and not self.headings[-1]:
                self.headings[-1] = data


@pytest.fixture(scope="session")
def seen(full_html):
    return Reader(full_html)


def test_sections_in_order(seen):
    assert seen.headings == [
        "Cautions",
        "Key findings",
        "The wall in three dimensions",
        "Image and segmentation",
        "Geometry",
        "Mesh",
        "Equilibrium",
        "Rupture risk",
        "Stent-graft fit",
        "Methods",
        "How to reproduce",
    ]


def test_every_printed_number_is_that_of_result_json(seen, full):
    for finding in result(full)["findings"]:
        cell = seen.values[finding["name"]]
        assert cell[0] == ("not computed" if finding["value"] is None else show(finding["value"], finding["unit"])), finding["name"]
        if "measured_value" in finding:
            assert cell[2:4] == ["measured:", show(finding["measured_value"], finding["unit"])]


def test_three_digits_tell_values_apart():
    values = [43.2176, 43.26, 0.061249, 0.0613, 999.4, 999.6, 3.14e-9, -11.04, 0.0, 1e7]
    printed = [show(v) for v in values]
    assert printed == ["43.2", "43.3", "0.0612", "0.0613", "999", "1000", "3.14 × 10⁻⁹", "−11.0", "0", "1.00 × 10⁷"]
    assert [show(59820.0, "1"), show(59820.0, "mm"), show(None), show(float("nan")), show("x")] == [
        "59\u00a0820",
        "59800",
        "–",
        "–",
        "x",
    ]


def test_nothing_is_loaded_from_outside(full_html, seen):
    for tag, attributes in seen.tags:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            if name in attributes:
                assert attributes[name].startswith(("data:", "#")), (tag, attributes[name][:80])
        assert tag not in ("iframe", "object", "embed", "link", "base")
    assert re.findall(r"""(?:url\(|@import|https?://|fetch\(|XMLHttpRequest|importScripts)""", full_html) == []
    policy = next(a["content"] for t, a in seen.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_pictures_have_words(seen):
    pictures = [a for t, a in seen.tags if t == "img"]
    assert len(pictures) == 13  # still, 2 overlays, profile, shapes, newton, 6 fields, ring
    assert all(len(a["alt"]) > 40 for a in pictures)


def test_texts_are_escaped(full_html, seen):
    assert "Device <One>" not in full_html and "Device &lt;One&gt;" in full_html
    assert any("Gasser 2014 <form>" in text for text in seen.text)
    assert "form" not in {tag for tag, _ in seen.tags}


def test_the_registration_is_in_a_table():
    """Only findings with a caution were seen before, in the list of cautions."""
    volume = Volume(Grid((1, 1, 1), np.eye(4)), np.zeros((1, 1, 1), np.int16), "MR")
    findings = (
        Finding("registration_repeatability_mm", 0.43, "mm", "farthest apart"),
        Finding("second_image_slices", 77.0, "1", "n"),
    )
    second = SecondSeries(volume, np.eye(4), findings)
    shown = Reader(page(Results(Case(1, "X"), second=second, findings=findings)).html()).values
    assert shown["registration_repeatability_mm"][0] == "0.430" and shown["second_image_slices"][0] == "77"


def test_a_hostile_name_cannot_end_the_script():
    case = Case(1, "</script><script>alert(1)</script>")
    text = page(Results(case, findings=(Finding("x</td>", 1.0, "<b>", "</style>"),))).html()
    assert "<script>alert" not in text and "</style>" in text and text.count("</style>") == 1


def test_skipped_parts_say_why(partial_html):
    words = " ".join(Reader(partial_html).text)
    assert words.count("Not in this report: the case file has no pressure.") == 2  # equilibrium, risk
    assert words.count("Not in this report: switched off in the case file.") == 1


def test_a_case_with_nothing_still_makes_a_page():
    words = " ".join(Reader(page(Results(Case(1, "EMPTY"))).html()).text)
    assert "11 values not computed: read this first." in " ".join(words.split())


def test_cautions_come_before_numbers(full_html):
    order = [
        full_html.index(text)
        for text in ('class="status caution"', "imaging pressure taken as diastolic", 'data-finding="max_diameter_mm"')
    ]
    assert order == sorted(order)
    assert "Research use only. Not a medical device." in full_html[: order[0]]


def test_paper_has_no_script_and_no_view(full_page):
    tags = {tag for tag, _ in Reader(full_page.html(static=True)).tags}
    assert not tags & {"script", "canvas", "select", "button"}


def test_file_is_small_enough(full_html):
    assert 5e5 < len(full_html) < 8e6


def test_a_changed_number_changes_the_page(full):
    findings = tuple(replace(f, value=1.02 * f.value) if f.name == "max_diameter_mm" else f for f in full.findings)
    only_numbers = replace(
        full, findings=findings, segmentation=None, anatomy=None, mesh=None, solution=None, risk=None, stent=None
    )
    assert Reader(page(only_numbers).html()).values["max_diameter_mm"][0] == "44.1"


def test_settings_are_listed_but_never_a_path():
    surfaces = SurfaceInput(lumen="DOE^JANE/l.stl", unit="mm", frame="RAS", outer="DOE^JANE/o.stl", thrombus="DOE^JANE/t.stl")
    stent, wall = StentSettings(catalogue="/home/DOE^JANE"), WallSettings(thickness=2.0, thickness_points="DOE^JANE.csv")
    second = SecondInput("DOE^JANE", "lumen", transform_file="DOE^JANE.tfm", labels="DOE^JANE.nii.gz")
    network = SegmentationSettings("nnunet", weights="DOE^JANE", python="DOE^JANE/python")
    given = {"second": second, "labels": LabelInput("DOE^JANE"), "surfaces": surfaces, "segmentation": network}
    case = Case(1, "X", ImageInput("DOE^JANE"), patient=Patient("female"), wall=wall, stent=stent, **given)
    assert dict(changed_settings(case)) == {
        "surfaces.unit": "mm",
        "surfaces.frame": "RAS",
        "second.gives": "lumen",
        "segmentation.method": "nnunet",
        "patient.sex": "female",
        "wall.thickness": "2",
    }
    assert "JANE" not in page(Results(case)).html()
