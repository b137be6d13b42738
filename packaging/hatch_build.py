"""Build hook: compiles the quantization kernels (desktop/kernels) into the package.

A failure does not stop the installation: the program then uses ggml's kernels, the same bytes at a slower pace.
"""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPILED = "desktop/modelyard/quantize/compiled"


class KernelsHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        kernels = _load(root / "desktop" / "kernels" / "build.py")
        try:
            kernels.build(root / COMPILED)
        except kernels.BuildError as error:
            self.app.display_warning(f"The fast kernels were not built; Modelyard will use ggml's. {error}")
            return
        build_data["artifacts"].append(f"/{COMPILED}/*")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


def _load(path: Path) -> ModuleType:
    """The build script, which is a file of its own and not in any package."""
    import sys

    spec = importlib.util.spec_from_file_location("modelyard_kernels_build", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
