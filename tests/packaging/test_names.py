"""Version, name and identifier stand in one place; what cannot read them there is compared with it."""

from __future__ import annotations

import plistlib
import re
import subprocess

import modelyard

from .tools import PACKAGING, ROOT

ELSEWHERE = {"linux/io.github.modelyard.Modelyard.metainfo.xml"}  # a list of releases, checked in test_linux_metadata


def kept_files(*folders: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    )
    return listed.stdout.splitlines()


def test_the_version_is_written_once() -> None:
    version = re.compile(rf"(?<![\d.]){re.escape(modelyard.__version__)}(?![\d.])")
    named = set()
    for name in (each.removeprefix("packaging/") for each in kept_files("packaging")):
        if name.endswith((".py", ".spec", ".nsi", ".in", ".xml", ".desktop", ".plist", ".sh")):
            lines = (PACKAGING / name).read_text(encoding="utf-8").splitlines()
            code = [line for line in lines if not line.strip().startswith((";", "#", "python ", "makensis "))]
            if any(version.search(line.split("  #")[0]) for line in code if "smoke" not in name):
                named.add(name)
    assert named <= ELSEWHERE
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_address_of_the_project_is_written_once() -> None:
    """And in the menu's metadata, which test_linux_metadata compares."""
    address = re.compile(rf"""(github\.com/|"|repos/){modelyard.REPOSITORY}\b""")
    home = {"desktop/modelyard/__init__.py", *(f"packaging/{each}" for each in ELSEWHERE)}
    named = {
        name
        for name in kept_files("desktop", "packaging", "resources", ".github", "README.md")
        if address.search((ROOT / name).read_text(encoding="utf-8", errors="ignore"))
    }
    assert named == home


def test_the_identifier_is_written_once_in_code() -> None:
    spec = (PACKAGING / "modelyard.spec").read_text(encoding="utf-8")
    assert "bundle_identifier=modelyard.APP_ID" in spec and modelyard.APP_ID not in spec
    installer = (PACKAGING / "windows" / "installer.nsi").read_text(encoding="utf-8")
    assert f'!define NAME "{modelyard.APP_NAME}"' in installer


def test_entitlements_ask_for_what_python_needs_and_no_more() -> None:
    with (PACKAGING / "macos" / "entitlements.plist").open("rb") as file:
        asked = plistlib.load(file)
    assert asked == {
        "com.apple.security.cs.allow-unsigned-executable-memory": True,
        "com.apple.security.cs.disable-library-validation": True,
    }


def test_the_bundle_says_what_macos_asks() -> None:
    """The fields of Info.plist, as the spec gives them to PyInstaller, are what plistlib can write and Finder reads."""
    spec = (PACKAGING / "modelyard.spec").read_text(encoding="utf-8")
    fields = spec[spec.index("info_plist=") :].removeprefix("info_plist=")
    literal = fields[: fields.index("\n        },\n") + len("\n        }")]
    info = plistlib.loads(plistlib.dumps(eval(literal, {"modelyard": modelyard})))
    assert info["CFBundleDisplayName"] == modelyard.APP_NAME
    assert info["CFBundleDocumentTypes"][0]["CFBundleTypeExtensions"] == ["gguf"]
    assert info["CFBundleDocumentTypes"][0]["LSHandlerRank"] == "Alternate"
    assert set(info["CFBundleLocalizations"]) == {"en", "zh_CN"}
