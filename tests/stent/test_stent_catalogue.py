"""The shipped catalogue, and what is refused in one's own."""

import pytest
from pytest import approx

from aorta.errors import StentError
from aorta.stent.catalogue_files import SHIPPED, load_catalogue, read_device

CATALOGUE = load_catalogue(None)
FILE = SHIPPED / "cook-zenith-alpha.yaml"


def changed(tmp_path, *replacements, source=FILE):
    text = source.read_text()
    for old, new in replacements:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    path = tmp_path / "device.yaml"
    path.write_text(text)
    return path


def test_three_makers():
    assert sorted(d.maker for d in CATALOGUE) == ["Cook", "Gore", "Medtronic"]


@pytest.mark.parametrize("device", CATALOGUE, ids=lambda d: d.maker)
def test_every_neck_of_the_range_has_exactly_one_size(device):
    """Existing tables leave gaps at 25 and 29 mm: every tenth of a millimetre is looked up here."""
    rows = device.main_bodies
    low, high = rows[0].neck_min_mm, rows[-1].neck_max_mm
    borders = {device.neck_range_mm(row)[1] for row in rows[:-1]}
    for tenth in range(round(10 * low), round(10 * high) + 1):
        neck = tenth / 10.0
        suits = [row.size for row in rows if device.neck_range_mm(row)[0] <= neck <= device.neck_range_mm(row)[1]]
        assert len(suits) == (2 if neck in borders else 1), (device.device, neck, suits)


@pytest.mark.parametrize("device", CATALOGUE, ids=lambda d: d.maker)
def test_every_row_says_where_it_is_from(device):
    for row in device.main_bodies:
        evidence = device.evidence_of(row)
        assert evidence.source and evidence.document and not evidence.verified
        assert "not checked" in str(evidence)
    assert device.diameter_convention == {"Cook": "outer", "Gore": "inner", "Medtronic": "inner"}[device.maker]


def test_borders_between_whole_millimetres_are_midway():
    cook = next(d for d in CATALOGUE if d.maker == "Cook")
    assert [cook.neck_range_mm(row) for row in cook.main_bodies[:3]] == [(18.0, 19.5), (19.5, 21.5), (21.5, 22.5)]
    assert cook.neck_range_mm(cook.main_bodies[-1])[1] == approx(32.0, abs=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("neck_max_mm: 19", "neck_maxi_mm: 19", "did you mean 'neck_max_mm'"),
        ("neck_min_mm: 22, neck_max_mm: 22", "neck_min_mm: 22.5, neck_max_mm: 22", "neck_min_mm <= neck_max_mm"),
        ("neck_min_mm: 23", "neck_min_mm: 24", "no size is for necks between 22 and 24 mm"),
        ('size: "24"', 'size: "22"', "size 22 appears twice"),
        ("diameter_mm: 26,", "diameter_mm: 31,", "in order of diameter"),
        ("diameter_convention: outer", "diameter_convention: middle", "diameter_convention"),
        ("verified: false", "verified: perhaps", "verified"),
        ("  document: T_ZALPHA\n", "", "document"),
        ("wire_diameter_mm: 0.40", "wire_diameter_mm: .nan", "wire_diameter_mm"),
        ("diameter_mm: 22,", "diameter_mm: -22,", "diameter_mm"),
    ],
)
def test_mistakes_are_refused_with_their_place(tmp_path, old, new, told):
    with pytest.raises(StentError) as caught:
        read_device(changed(tmp_path, (old, new)))
    assert told in str(caught.value) and "device.yaml" in caught.value.where
    assert str(tmp_path) not in str(caught.value)


def test_a_duplicate_key_is_refused(tmp_path):
    with pytest.raises(StentError, match="cannot be read") as caught:
        read_device(changed(tmp_path, ("maker: Cook", "maker: Cook\nmaker: Gore")))
    assert "duplicate key" in caught.value.why and caught.value.where == "device.yaml:4:1"


def test_a_device_twice_is_refused(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(FILE.read_text())
    with pytest.raises(StentError, match="in the catalogue twice"):
        load_catalogue(str(tmp_path))


def test_empty_folder_and_unknown_maker(tmp_path):
    with pytest.raises(StentError, match="empty"):
        load_catalogue(str(tmp_path))
    with pytest.raises(StentError, match="Unknown maker Coke") as caught:
        load_catalogue(None, ("Coke",))
    assert "Cook" in caught.value.fix
    assert [d.maker for d in load_catalogue(None, ("gore",))] == ["Gore"]
