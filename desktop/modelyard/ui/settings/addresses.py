"""Where Ollama may be: this computer, or servers in the network; one of them is used."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QWidget

from ..context import Context
from ..design.tokens import Space
from ..widgets.boxes import NameRadio
from ..widgets.buttons import button, icon_button
from ..widgets.cards import Card
from ..widgets.labels import Text
from ..widgets.layout import clear, column, row
from .rows import Keep
from .trial import Trial


class AddressLine(QWidget):
    """One address to choose, try and (but for this computer's own) remove.

    Attributes: controls, in the order in which Tab goes through them."""

    def __init__(self, context: Context, name: str, address: str, remove: Callable[[], None] | None) -> None:
        super().__init__()
        self.address = address
        self.choose = NameRadio(name)
        try_address = context.services.tools.try_ollama
        shown = self.tr("Remove {address}").format(address=name)
        bin_button = icon_button(context.icons, "trash", shown, remove) if remove is not None else None
        self.trial = Trial(
            context,
            self.tr("Test"),
            lambda _token: try_address(address),
            lambda version: self.tr("Ollama {version} answers.").format(version=version),
            name=self.tr("Test {address}").format(address=name),
            before=self.choose,
            after=bin_button,
        )
        self.controls = [self.choose, self.trial.button, *([bin_button] if bin_button is not None else [])]
        self.setLayout(column(self.trial))


class AddressesCard(Card):
    """Kept as the settings `ollama_address` (the one in use, empty for this computer) and `ollama_more_addresses`.

    Signals: changed(), when another one is used."""

    changed = Signal()

    def __init__(self, context: Context, keep: Keep) -> None:
        super().__init__(spacing=Space.M)
        self._context = context
        self._keep = keep
        self._lines = column(spacing=Space.M)
        self._group = QButtonGroup(self)
        self._edit = QLineEdit()
        self._edit.setPlaceholderText("192.168.1.20:11434")
        self._edit.setAccessibleName(self.tr("Address of another Ollama"))
        self._edit.setMaxLength(300)
        self._edit.returnPressed.connect(self._add)
        self.body.addLayout(self._lines)
        self._add_button = button(self.tr("Add"), self._add)
        adding = row(self._edit, self._add_button, spacing=Space.S)
        adding.setStretch(0, 1)
        self.body.addLayout(adding)
        self.body.addWidget(
            Text(self.tr("Only add servers that you trust: your conversations are sent there."), "caption")
        )
        self._fill()

    @property
    def lines(self) -> list[AddressLine]:
        items = [self._lines.itemAt(number).widget() for number in range(self._lines.count())]
        return [each for each in items if isinstance(each, AddressLine)]

    def _others(self) -> list[str]:
        text = self._context.services.settings.text("ollama_more_addresses")
        known = [each.strip() for each in text.split(",") if each.strip()]
        used = self._context.services.settings.text("ollama_address")
        return list(dict.fromkeys([*known, *([used] if used else [])]))

    def _fill(self) -> None:
        for each in self._group.buttons():
            self._group.removeButton(each)
        clear(self._lines)
        used = self._context.services.settings.text("ollama_address")
        for address in ("", *self._others()):
            remove = (lambda address=address: self._remove(address)) if address else None
            made = AddressLine(self._context, address or self.tr("This computer"), address, remove)
            made.choose.setChecked(address == used)
            made.choose.clicked.connect(lambda _on=True, address=address: self._use(address))
            self._group.addButton(made.choose)
            self._lines.addWidget(made)
        order = [control for each in self.lines for control in each.controls] + [self._edit, self._add_button]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _use(self, address: str) -> None:
        self._keep("ollama_more_addresses", ", ".join(self._others()))
        self._keep("ollama_address", address)
        self.changed.emit()

    def _add(self) -> None:
        address = self._edit.text().strip().replace(",", " ")
        if not address:
            return
        self._keep("ollama_more_addresses", ", ".join(dict.fromkeys([*self._others(), address])))
        self._edit.clear()
        self._fill()
        next(each for each in self.lines if each.address == address).trial.run()

    def _remove(self, address: str) -> None:
        others = [each for each in self._others() if each != address]
        if self._context.services.settings.text("ollama_address") == address:
            self._keep("ollama_address", "")
            self.changed.emit()
        self._keep("ollama_more_addresses", ", ".join(others))
        self._fill()
        self._edit.setFocus()
