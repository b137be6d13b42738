"""The list of what is inside, as CycloneDX 1.6 JSON: made from what was packed, not from what was installed."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

NOT_PYPI = ("Python", "OpenSSL", "SQLite", "Qt", "llama.cpp and ggml")


def write_sbom(licences: Path, target: Path, name: str, version: str) -> None:
    """`licences` is what packaging/licences.py wrote. The serial number follows from the content."""
    parts = [component(each) for each in json.loads(licences.read_text(encoding="utf-8"))]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([name, version, parts], sort_keys=True))
    own = {"type": "application", "bom-ref": name, "name": name, "version": version}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": {**own, "licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": parts,
        "dependencies": [{"ref": name, "dependsOn": sorted({each["bom-ref"] for each in parts})}],
    }
    target.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def component(entry: dict[str, str]) -> dict[str, Any]:
    name, version = entry["name"], entry["version"]
    result: dict[str, Any] = {"type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version}
    result["licenses"] = [{"license": {"name": entry["licence"]}}]
    if "Debian" in entry["licence"]:
        result["purl"] = f"pkg:deb/debian/{name}@{version}"
    elif name not in NOT_PYPI:
        project = re.sub(r"[-_.]+", "-", name.split()[0]).lower()
        result["purl"] = f"pkg:pypi/{project}@{version}"
    return result
