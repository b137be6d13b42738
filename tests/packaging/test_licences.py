"""The licences of what ships, and the list of what is inside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .tools import packaging_module

licences = packaging_module("licences")
sbom = packaging_module("sbom")


def entries(modules: list[str]) -> dict[str, tuple[str, str]]:
    pytest.importorskip("PyInstaller", reason="the bootloader's version is PyInstaller's")
    return {each.name: (each.licence, each.text) for each in licences.collect(modules, [])}


def test_a_packed_module_brings_the_licence_of_its_distribution() -> None:
    found = entries(["httpx._client", "PySide6.QtCore", "latex2mathml.converter", "tokenizers", "json", "modelyard.ui"])
    assert found["httpx"][0] == "BSD-3-Clause" and "Redistribution and use" in found["httpx"][1]
    assert found["PySide6_Essentials"][0] == "LGPL-3.0-only"
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in found["PySide6_Essentials"][1]
    assert "GNU GENERAL PUBLIC LICENSE" in found["PySide6_Essentials"][1]
    assert "Apache License" in found["tokenizers"][1]
    assert "Permission is hereby granted" in found["latex2mathml"][1]
    assert "modelyard" not in found and "json" not in found


def test_what_is_built_in_is_named_too() -> None:
    found = entries([])
    assert {"Python", "Qt", "OpenSSL", "SQLite", "llama.cpp and ggml", "PyInstaller bootloader"} <= set(found)
    assert all(licence and text.strip() for licence, text in found.values())


def test_fonts_have_licences_of_their_own() -> None:
    packed = ["ziamath/fonts/STIXTwoMath-Regular.ttf", "ziafont/fonts/DejaVuSans.ttf", "x/new.otf", "x/y.txt"]
    found = {each.name: each for each in licences.fonts(packed)}
    assert found["STIX Two Math (font)"].licence == "OFL-1.1" and "SIL OPEN" in found["STIX Two Math (font)"].text
    assert "Bitstream Vera" in found["DejaVu Sans (font)"].text
    assert len(found) == 3 and not found["new.otf"].licence  # and so it cannot ship


def test_nothing_ships_without_a_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = licences.Licence("mystery", "1.0", "", "")
    monkeypatch.setattr(licences, "collect", lambda modules, files: [unknown])
    with pytest.raises(SystemExit, match="mystery"):
        licences.write(tmp_path / "licences.json", [], [])
    assert not (tmp_path / "licences.json").exists()


def test_the_list_of_what_is_inside(tmp_path: Path) -> None:
    kept = [
        {"name": "PyYAML", "version": "6.0.3", "licence": "MIT", "text": "…"},
        {"name": "libxcb1", "version": "1.15-1", "licence": "see the text (Debian)", "text": "…"},
        {"name": "Python", "version": "3.11.7", "licence": "PSF-2.0", "text": "…"},
    ]
    (tmp_path / "licences.json").write_text(json.dumps(kept), encoding="utf-8")
    for name in ("a.cdx.json", "b.cdx.json"):
        sbom.write_sbom(tmp_path / "licences.json", tmp_path / name, "Modelyard", "1.2.3")
    assert (tmp_path / "a.cdx.json").read_bytes() == (tmp_path / "b.cdx.json").read_bytes()
    document = json.loads((tmp_path / "a.cdx.json").read_text(encoding="utf-8"))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert [each.get("purl") for each in document["components"]] == [
        "pkg:pypi/pyyaml@6.0.3",
        "pkg:deb/debian/libxcb1@1.15-1",
        None,
    ]
    assert document["dependencies"][0]["dependsOn"] == ["PyYAML@6.0.3", "Python@3.11.7", "libxcb1@1.15-1"]
