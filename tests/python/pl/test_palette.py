import numpy as np
from matplotlib.colors import to_rgb

from tissueshap.pl import _palette

#: Brettel, Vienot and Mollon's deuteranope as Machado et al. (2009) give it, linear RGB.
DEUTERANOPE = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)


def linear(colours):
    rgb = np.array([to_rgb(colour) for colour in colours])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def test_every_class_has_its_own_colour():
    for n in (1, 2, 8, 9, 47, 100):
        colours = _palette.classes(n)
        assert len(set(colours)) == n


def test_neighbours_differ_for_the_colour_blind():
    colours = linear(_palette.classes(47))
    seen = np.clip(colours @ DEUTERANOPE.T, 0, 1) ** (1 / 2.4)
    assert np.linalg.norm(np.diff(seen, axis=0), axis=1).min() > 0.1


def test_roles_differ_for_the_colour_blind():
    roles = linear([_palette.SHAP, _palette.DE, _palette.BOTH, _palette.UP, _palette.DOWN])
    seen = np.clip(roles @ DEUTERANOPE.T, 0, 1) ** (1 / 2.4)
    gaps = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    assert gaps[np.triu_indices(5, 1)].min() > 0.1
