"""The licences of everything that ships, read from what PyInstaller is about to pack: resources/licences.json.

A list of {name, version, licence, text}, sorted by name; the about page shows it. Distributions tell theirs in their
metadata. What is built into a library, or comes from the build machine's system, tells nothing there: see BUILT_IN and
system_libraries. A distribution whose wheel has no text gets the common one of its licence, from packaging/licences.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import sqlite3
import ssl
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

TEXTS = Path(__file__).resolve().parent / "licences"
OWN_TEXT = Path(__file__).resolve().parents[1] / "LICENSE"
QT = ("PySide6_Essentials", "shiboken6")
TEXT_NAMES = ("licen", "copying", "notice")
UNPACKED_ROOTS = ("/usr/lib/", "/lib/", "/usr/local/lib/")


@dataclass(frozen=True)
class Licence:
    name: str
    version: str
    licence: str
    text: str


def text_of(name: str) -> str:
    return (TEXTS / f"{name}.txt").read_text(encoding="utf-8")


STIX = "Copyright 2001-2020 The STIX Fonts Project Authors (https://github.com/stipub/stixfonts)"
UNSLOTH = "Copyright 2025-present the Unsloth team (of the edits made to the templates)"
# Of formulas in a chat, which ziamath draws.
FONTS = {
    "STIXTwoMath-Regular.ttf": Licence("STIX Two Math (font)", "2.11", "OFL-1.1", f"{STIX}\n\n{text_of('OFL-1.1')}"),
    "DejaVuSans.ttf": Licence("DejaVu Sans (font)", "2.37", "Bitstream-Vera", text_of("DejaVu")),
}


def collect(modules: Iterable[str], files: Iterable[tuple[str, str]]) -> list[Licence]:
    """What is behind the packed Python modules (dotted names) and files (destination, source)."""
    files = list(files)
    tops = {name.partition(".")[0] for name in modules}
    tops |= {Path(destination).parts[0].partition(".")[0] for destination, _ in files}
    owners = importlib.metadata.packages_distributions()
    names = {owner for top in tops for owner in owners.get(top, ())} - {"modelyard", "pyinstaller"}
    found = [distribution(name) for name in names] + built_in() + fonts(destination for destination, _ in files)
    found += system_libraries(source for _, source in files)
    return sorted(found, key=lambda each: each.name.lower())


def write(target: Path, modules: Iterable[str], files: Iterable[tuple[str, str]]) -> None:
    """Raises SystemExit naming what has no licence or no text: such a thing must not ship."""
    found = collect(modules, files)
    lacking = [each.name for each in found if not each.licence or not each.text.strip()]
    if lacking:
        raise SystemExit("no licence known for: " + ", ".join(lacking))
    text = json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1)
    target.write_text(text, encoding="utf-8")


def distribution(name: str) -> Licence:
    found = importlib.metadata.distribution(name)
    about = found.metadata
    texts = [
        Path(str(found.locate_file(file))).read_text(encoding="utf-8", errors="replace")
        for file in found.files or []
        if ".dist-info/" in str(file) and any(word in file.name.lower() for word in TEXT_NAMES)
    ]
    licence = short_name(about)
    if name in QT:
        licence, texts = "LGPL-3.0-only", [text_of("LGPL-3.0"), text_of("GPL-3.0")]
    return Licence(about["Name"], found.version, licence, "\n\n".join(texts) or common_text(licence, about))


def short_name(about: importlib.metadata.PackageMetadata) -> str:
    """The SPDX expression; else the one line of the older field; else what the classifiers say."""
    expression, older = about.get("License-Expression"), about.get("License", "").strip()
    if expression:
        return str(expression)
    if older and "\n" not in older and older != "UNKNOWN":
        return older
    kinds = [each.split(" :: ")[-1] for each in about.get_all("Classifier", []) if each.startswith("License ::")]
    return ", ".join(kinds)


def common_text(licence: str, about: importlib.metadata.PackageMetadata) -> str:
    """For a wheel without a text. Empty if the licence is not one of these two."""
    if "Apache" in licence:
        return OWN_TEXT.read_text(encoding="utf-8")
    if licence in ("MIT", "MIT License"):
        author = about.get("Author") or about.get("Author-email") or f"the authors of {about['Name']}"
        return f"Copyright (c) {author}\n\n{text_of('MIT')}"
    return ""


def built_in() -> list[Licence]:
    """What stands inside other files: the interpreter and its libraries, the bootloader, Qt, llama.cpp."""
    openssl = ssl.OPENSSL_VERSION.split()[1]
    apache = OWN_TEXT.read_text(encoding="utf-8")
    qt = importlib.metadata.version("PySide6_Essentials")
    llama = importlib.metadata.version("xllamacpp")
    bootloader = "GPL-2.0-or-later with an exception: programs packed with it may be given away under any licence"
    return [
        Licence("Python", platform.python_version(), "PSF-2.0", python_text()),
        Licence("OpenSSL", openssl, "Apache-2.0", apache),
        Licence("SQLite", sqlite3.sqlite_version, "blessing", "In the public domain: sqlite.org/copyright.html"),
        Licence("Qt", qt, "LGPL-3.0-only", text_of("LGPL-3.0") + "\n\n" + text_of("GPL-3.0")),
        Licence("llama.cpp and ggml", f"in xllamacpp {llama}", "MIT", text_of("llama.cpp")),
        Licence("Chat templates of Mistral models", "v11, v13", "Apache-2.0", f"{UNSLOTH}\n\n{apache}"),
        Licence("PyInstaller bootloader", importlib.metadata.version("pyinstaller"), bootloader, bootloader),
    ]


def fonts(packed: Iterable[str]) -> list[Licence]:
    """Fonts come inside distributions and have licences of their own. An unknown one has none: see `write`."""
    names = {Path(each).name for each in packed if each.endswith((".ttf", ".otf"))}
    return [FONTS.get(name, Licence(name, "", "", "")) for name in sorted(names)]


def python_text() -> str:
    for folder in (sysconfig.get_path("stdlib"), sys.base_prefix):
        file = Path(folder) / "LICENSE.txt"
        if file.exists():
            return file.read_text(encoding="utf-8")
    return "Copyright (c) 2001 Python Software Foundation; All Rights Reserved. docs.python.org/3/license.html"


def system_libraries(sources: Iterable[str]) -> list[Licence]:
    """Libraries of the Debian or Ubuntu that built this: their packages' own copyright notes."""
    if not shutil.which("dpkg-query"):
        return []
    paths = {str(Path(each).resolve()) for each in sources if each.startswith(UNPACKED_ROOTS)}
    packages = {owner for path in sorted(paths) if (owner := owner_of(path))}
    result = []
    for package in sorted(packages):
        query = ["dpkg-query", "-W", "-f", "${Version}", package]
        version = subprocess.run(query, capture_output=True, text=True, check=True).stdout
        plain = package.partition(":")[0]
        note = Path("/usr/share/doc") / plain / "copyright"
        text = note.read_text(encoding="utf-8", errors="replace") if note.exists() else ""
        result.append(Licence(plain, version, "see the text (Debian)", text))
    return result


def owner_of(path: str) -> str:
    """The package of a file; with a merged /usr the package database may know it without the /usr. Empty if none."""
    for candidate in (path, path.removeprefix("/usr")):
        answer = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return answer.stdout.split(": ")[0].split(", ")[0]
    return ""
