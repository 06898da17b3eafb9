"""The YAML file with the settings of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tissueshap._core.errors import DataError
from tissueshap.workflow._values import base_type


def mapping(path: Path) -> Mapping[str, Any]:
    """Return the options of a file, or raise an error that says why it cannot be read."""
    try:
        read = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (it is safe)
    except OSError as error:
        raise DataError(f"cannot read the configuration {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    except RecursionError:
        raise DataError(
            f"{path} is not a configuration: it is nested too deeply; write one option per line"
        ) from None
    except yaml.YAMLError as error:
        raise DataError(f"{path} is not valid YAML: {error}") from error
    if read is None:
        return {}
    if not isinstance(read, Mapping):
        raise DataError(f"{path} must have one option per line, such as 'label: tissue'")
    return read


def relative_to(folder: Path, hint: Any, value: Any) -> Any:
    """Return the paths in a YAML file, relative to the file's folder; names of data stay."""
    if base_type(hint) is not Path or value is None:
        return value
    if isinstance(value, list):
        return [_relative(folder, one) for one in value]
    return _relative(folder, value)


def _relative(folder: Path, value: Any) -> Path:
    from tissueshap.datasets import SOURCES  # see _by_name

    path = folder / Path(str(value)).expanduser()
    return Path(str(value)) if str(value) in SOURCES and not path.exists() else path


class _Loader(yaml.SafeLoader):
    """YAML's own rule, which PyYAML does not check: keys are unique."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # refused below
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} occurs twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)
