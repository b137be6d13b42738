"""The licences of everything that ships, to read."""

from __future__ import annotations

import json
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QListWidget, QPlainTextEdit, QWidget

from ...errors import ModelyardError
from ...events import CancelToken
from ...host.folders import resources_folder
from ..background import in_background
from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.layout import column, row

_NAMES = 260  # pixels, at least


@dataclass(frozen=True)
class Licence:
    name: str
    version: str
    licence: str
    text: str


def shipped_licences() -> list[Licence]:
    """What packaging/licences.py wrote for the frozen program; in a checkout, what the installed libraries tell."""
    try:
        entries = json.loads((resources_folder() / "licences.json").read_text(encoding="utf-8"))
        return [Licence(each["name"], each["version"], each["licence"], each["text"]) for each in entries]
    except (OSError, ValueError, KeyError, TypeError):
        return _installed()


def _installed() -> list[Licence]:
    import importlib.metadata
    import re

    found = []
    for requirement in importlib.metadata.requires("modelyard") or ():
        if "extra ==" in requirement:
            continue  # for those who work on the program
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        try:
            known = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        texts = [
            path.read_text(encoding="utf-8")
            for path in known.files or ()
            if "licen" in path.name.lower() and path.suffix in ("", ".txt", ".md", ".rst")
        ]
        facts = known.metadata
        licence = facts.get("License-Expression") or (facts.get("License") or "").split("\n")[0]
        found.append(Licence(facts["Name"], known.version, licence, "\n\n".join(texts)))
    return sorted(found, key=lambda each: each.name.lower())


class LicencesDialog(QDialog):
    """Names at the left, the text of the chosen one at the right."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Licences of everything that ships"))
        self.resize(QSize(900, 600).boundedTo(parent.window().size()))
        self._licences: list[Licence] = []
        self._names = QListWidget()
        self._names.setObjectName("sections")
        self._names.setAccessibleName(self.tr("Libraries"))
        self._names.setFixedWidth(_NAMES)
        self._names.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._names.currentRowChanged.connect(self._show)
        self._text = QPlainTextEdit()
        self._text.setObjectName("details")
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setAccessibleName(self.tr("Text of the licence"))
        close = button(self.tr("Close"), self.accept, "primary")
        both = row(self._names, self._text, spacing=Space.M)
        self.setLayout(column(both, row(None, close), spacing=Space.M, margin=Space.L))
        in_background(self, self._read, self._fill, self._fail)

    @staticmethod
    def _read(_token: CancelToken) -> list[Licence]:
        return shipped_licences()

    def _fill(self, licences: list[Licence]) -> None:
        self._licences = licences
        for each in licences:
            self._names.addItem(f"{each.name} {each.version}")
        self._names.setFixedWidth(max(_NAMES, self._names.sizeHintForColumn(0) + Space.HUGE))
        self._names.setCurrentRow(0)

    def _show(self, number: int) -> None:
        if 0 <= number < len(self._licences):
            chosen = self._licences[number]
            self._text.setPlainText(f"{chosen.name} {chosen.version}\n{chosen.licence}\n\n{chosen.text}".strip())

    def _fail(self, error: ModelyardError) -> None:
        self._text.setPlainText(str(error))
