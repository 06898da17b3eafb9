"""Colours: the same meaning has the same colour in every figure.

Roles take the palette of Okabe and Ito (2008), which the common colour deficiencies
distinguish. Many classes cannot all differ in hue, so their lightness differs too, and
figures name them by text as well. The colours are those of ``inst/palette.json``,
which R's figures take them from too.
"""

from __future__ import annotations

import numpy as np

from tissueshap._core import schema

_PALETTE = schema.shared("palette.json")
_ROLES: dict[str, str] = _PALETTE["roles"]

SHAP = _ROLES["shap"]
DE = _ROLES["de"]
BOTH = _ROLES["both"]
UP = _ROLES["up"]
DOWN = _ROLES["down"]
INK = _ROLES["ink"]
MUTED = _ROLES["muted"]
FAINT = _ROLES["faint"]

#: Verdicts of ``tl.predict``.
VERDICTS = {"known": SHAP, "ambiguous": DE, "unfamiliar": UP}
#: Gene sets of ``tl.cluster``; others get the colours after these.
GENE_SETS: dict[str, str] = _PALETTE["gene_sets"]
_SPARE: list[str] = _PALETTE["other_gene_sets"]

_OKABE_ITO: list[str] = _PALETTE["classes"]

#: Colour maps for values from low to high, and for values around zero.
SEQUENTIAL: str = _PALETTE["sequential"]
HEAT: str = _PALETTE["heat"]


def classes(n: int) -> list[str]:
    """Return one colour per class: Okabe and Ito's up to eight, then hues of three lightnesses."""
    if n <= len(_OKABE_ITO):
        return _OKABE_ITO[:n]
    position = np.arange(n)
    lightness = np.array([0.45, 0.62, 0.79])[position % 3]
    return [
        _hex(light, 0.13, 2 * np.pi * i / n) for i, light in zip(position, lightness, strict=True)
    ]


def gene_set(name: str, place: int = 0) -> str:
    """Return the colour of a gene set; ``place`` is its position among unknown ones."""
    return GENE_SETS.get(name, _SPARE[place % len(_SPARE)])


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """Return an OKLCH colour (Ottosson 2020) as sRGB, clipped to its gamut."""
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    cone = np.array(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip(to_rgb @ cone**3, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (int(value) for value in np.round(encoded * 255))
    return f"#{red:02X}{green:02X}{blue:02X}"
