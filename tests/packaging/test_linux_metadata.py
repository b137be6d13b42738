"""The menu entry, AppStream metadata and file type: valid for the freedesktop.org tools, one with the program."""

from __future__ import annotations

import configparser
import re
import xml.etree.ElementTree as ElementTree

import modelyard

from .tools import LINUX, ROOT, judged, needed

DESKTOP = LINUX / f"{modelyard.APP_ID}.desktop"
METAINFO = LINUX / f"{modelyard.APP_ID}.metainfo.xml"
MIME = LINUX / f"{modelyard.APP_ID}.mime.xml"
MIME_SPACE = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}


def test_the_menu_entry_is_valid() -> None:
    judged(needed("desktop-file-validate"), "--warn-kde", DESKTOP)


def test_the_metadata_is_valid() -> None:
    judged(needed("appstreamcli"), "validate", "--no-net", METAINFO)


def test_the_menu_entry_is_ours() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[method-assign,assignment]
    entry.read(DESKTOP, encoding="utf-8")
    fields = entry["Desktop Entry"]
    assert fields["Name"] == modelyard.APP_NAME
    assert fields["Icon"] == modelyard.APP_ID
    assert fields["Exec"] == "modelyard %f"
    assert fields["MimeType"] == "application/x-gguf;"
    assert fields["Comment[zh_CN]"]


def test_the_metadata_names_this_version_and_this_program() -> None:
    component = ElementTree.parse(METAINFO).getroot()
    assert component.findtext("id") == modelyard.APP_ID
    assert component.findtext("name") == modelyard.APP_NAME
    assert component.findtext("launchable") == DESKTOP.name
    assert component.findtext("project_license") == "Apache-2.0"
    assert component.findtext("url[@type='homepage']") == modelyard.HOME_PAGE
    assert next(each.get("version") for each in component.iter("release")) == modelyard.__version__


def test_the_file_type_says_how_a_gguf_is_known() -> None:
    kind = ElementTree.parse(MIME).getroot().find("m:mime-type", MIME_SPACE)
    assert kind is not None and kind.get("type") == "application/x-gguf"
    assert [each.get("pattern") for each in kind.iterfind("m:glob", MIME_SPACE)] == ["*.gguf"]
    match = kind.find("m:magic/m:match", MIME_SPACE)
    assert match is not None and (match.get("value"), match.get("offset")) == ("GGUF", "0")


def test_the_control_file_asks_for_what_the_set_up_installs() -> None:
    """What a development set-up needs is what the package depends on, but for libc, the fonts, and libgomp, which
    PyInstaller packs."""
    control = (LINUX / "control.in").read_text(encoding="utf-8")
    field = re.search(r"^Depends: (.*)$", control, re.MULTILINE)
    assert field is not None
    packages = {each.split("|")[0].split("(")[0].strip() for each in field[1].split(",")}
    set_up = (ROOT / "packaging" / "dev.py").read_text(encoding="utf-8")
    listed = re.search(r"SYSTEM_PACKAGES = \[(.*?)\]", set_up, re.DOTALL)
    assert listed is not None
    assert packages - {"libc6"} == set(re.findall(r'"([^"]+)"', listed[1])) - {"fonts-noto-cjk", "libgomp1"}
