"""Peak wall rupture index: local stress over local strength.

``RPI(x) = sigma_1(x) / S(x)``; the peak wall rupture index (PWRI, also PRPI or PWRR) is its
maximum over the wall (Vande Geest et al. 2006, Clin Biomech 21:S42; Maier et al. 2010). Because
the maximum rests on one quadrature point, its 99th percentile by volume stands beside it.
Dimensionless. Valid where stress and strength are (see ``stress`` and ``strength``). Here the
stress is the first principal Cauchy stress at systolic pressure; programs that use von Mises
stress at mean pressure give other numbers.
"""

from __future__ import annotations

from aorta.records import Array

SOURCE = "Vande Geest et al. 2006, Clin Biomech 21:S42 (definition); Ann Biomed Eng 34:1098 (strength)"


def rupture_index(stress_MPa: Array, strength_MPa: Array) -> Array:
    """Stress over strength (n,), dimensionless."""
    return stress_MPa / strength_MPa
