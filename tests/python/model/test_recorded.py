"""Settings come back from a record as they were."""

import json

import pytest

from tissueshap.model import PRESETS
from tissueshap.model._recorded import recorded, restored


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_comes_back(name):
    text = recorded(PRESETS[name])
    assert restored(text) == PRESETS[name]
    assert json.loads(text)["name"] == name
