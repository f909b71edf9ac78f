"""One device and size against the measured anatomy: every criterion with limit, margin and verdict."""

from __future__ import annotations

from aorta.records import Anatomy, Criterion
from aorta.stent.catalogue_schema import Device, MainBody, NeckRule
from aorta.stent.measured import Neck, measure_iliac

OVERSIZING_SHARE = (0.05, 0.30)
"""Below 5 % no ring of a catalogue row is meant to seal; above 30 % graft infolding and migration rise
(Sternbergh et al. 2004, J Vasc Surg 39:20; Sher and Tadros 2017). The usual 10 to 20 % is reported beside it."""

FAILS, UNMEASURED, UNVERIFIED, FITS = "does not fit", "not measured", "unverified", "fits"


def between(name: str, value: float | None, low: float, high: float, unit: str, verified: bool, note: str = "") -> Criterion:
    """A range; the margin is the distance to its nearer end, negative outside."""
    margin = None if value is None else min(value - low, high - value)
    return _criterion(name, value, f"{low:g} to {high:g}", margin, unit, verified, note)


def at_least(name: str, value: float | None, low: float, unit: str, verified: bool, note: str = "") -> Criterion:
    """A lower limit."""
    return _criterion(name, value, f"at least {low:g}", None if value is None else value - low, unit, verified, note)


def at_most(name: str, value: float | None, high: float, unit: str, verified: bool, note: str = "") -> Criterion:
    """An upper limit."""
    return _criterion(name, value, f"at most {high:g}", None if value is None else high - value, unit, verified, note)


def _criterion(name: str, value: float | None, limit: str, margin: float | None, unit: str, verified: bool, note: str) -> Criterion:
    if margin is None:
        verdict = UNMEASURED
    elif margin < 0.0:
        verdict = FAILS
    else:
        verdict = FITS if verified else UNVERIFIED
    return Criterion(name, value, f"{limit} {unit}" + (f" ({note})" if note else ""), margin, unit, verdict)


def overall(criteria: tuple[Criterion, ...]) -> str:
    """The worst verdict: one failure fails the device, one unmeasured criterion leaves it open."""
    verdicts = {c.verdict for c in criteria}
    return next(v for v in (FAILS, UNMEASURED, UNVERIFIED, FITS) if v in verdicts)


def oversizing(row: MainBody, device: Device, neck: Neck) -> float | None:
    """Graft over vessel diameter, less one, in the maker's own convention."""
    vessel = neck.diameter_mm(device.diameter_convention)
    return None if not vessel else row.diameter_mm / vessel - 1.0


def main_body_criteria(device: Device, row: MainBody, neck: Neck, anatomy: Anatomy) -> tuple[Criterion, ...]:
    """Neck diameter, oversizing, neck length and angles, and both iliac landing zones."""
    verified = device.evidence_of(row).verified
    convention = "outer to outer" if device.diameter_convention == "outer" else "lumen"
    share = oversizing(row, device, neck)
    low, high = (100.0 * limit for limit in OVERSIZING_SHARE)
    diameter = neck.diameter_mm(device.diameter_convention)
    return (
        between("neck diameter", diameter, *device.neck_range_mm(row), "mm", verified, convention),
        between("oversizing", None if share is None else 100.0 * share, low, high, "%", verified, "usual: 10 to 20 %"),
        *_best_rule(device.neck_rules, neck, verified),
        *iliac_criteria(device, "left", anatomy, verified),
        *iliac_criteria(device, "right", anatomy, verified),
    )


def _best_rule(rules: tuple[NeckRule, ...], neck: Neck, verified: bool) -> tuple[Criterion, ...]:
    """The criteria of the pair of length and angle that suits this neck best."""
    tried = [_rule_criteria(rule, neck, verified) for rule in rules]
    return min(tried, key=lambda criteria: (sum(c.verdict == FAILS for c in criteria), -min((c.margin or 0.0) for c in criteria)))


def _rule_criteria(rule: NeckRule, neck: Neck, verified: bool) -> tuple[Criterion, ...]:
    criteria = [at_least("neck length", neck.length_mm, rule.length_min_mm, "mm", verified)]
    if rule.infrarenal_max_deg is not None:
        criteria.append(at_most("infrarenal angulation", neck.infrarenal_deg, rule.infrarenal_max_deg, "deg", verified))
    if rule.suprarenal_max_deg is not None:
        criteria.append(at_most("suprarenal angulation", neck.suprarenal_deg, rule.suprarenal_max_deg, "deg", verified))
    return tuple(criteria)


def iliac_criteria(device: Device, side: str, anatomy: Anatomy, verified: bool) -> tuple[Criterion, ...]:
    """Diameter and length of one iliac landing zone."""
    rule = device.iliac
    zone = measure_iliac(anatomy, side, device.diameter_convention, rule.length_min_mm, rule.diameter_min_mm, rule.diameter_max_mm)
    return (
        between(f"{side} iliac diameter", zone.diameter_mm, rule.diameter_min_mm, rule.diameter_max_mm, "mm", verified, zone.note),
        at_least(f"{side} iliac landing length", zone.length_mm, rule.length_min_mm, "mm", verified, zone.note),
    )
