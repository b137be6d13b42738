"""Settings: sections at the left, the chosen one at the right. Rows are drawn from their declaration; what needs to be
asked or tried (Ollama, the access key, the download source) has a card of its own."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QStackedWidget, QWidget

from ...errors import Action, Code, ModelyardError
from ...host.settings import Value
from ..context import Context
from ..shell.page import Page
from ..widgets.buttons import button
from ..widgets.layout import centred, line, row
from .about import AboutCard
from .account import AccountCard
from .addresses import AddressesCard
from .ollama import OllamaCard
from .privacy import PrivacyCard
from .section import Section
from .source import SourceCard

_WIDTH = 940
_SIDE = 190
_SECTION_OF = {
    Action.OPEN_ACCOUNT: 2,
    Action.START_OLLAMA: 1,
    Action.CHOOSE_FOLDER: 4,
}
_SECTION_OF_CODE = {"ollama": 1, "hub": 3, "keyring": 2}


class SettingsView(Page):
    def __init__(self, context: Context) -> None:
        self._list = QListWidget()
        self._stack = QStackedWidget()
        both = row(self._list, self._stack, spacing=0)
        both.setStretch(1, 1)
        content = QWidget()
        content.setLayout(centred(both, _WIDTH))
        under = self.tr("Changes take effect at once.")
        check = button(self.tr("Self-check"), lambda: context.routes.go.emit("selfcheck"))
        super().__init__(context, self.tr("Settings"), under, content, check, width=_WIDTH)
        self._list.setObjectName("sections")
        self._list.setAccessibleName(self.tr("Sections of the settings"))
        self._list.setFixedWidth(_SIDE)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setWordWrap(True)
        self._sections = [
            self._general(),
            self._engines(),
            self._account(),
            self._downloads(),
            self._storage(),
            self._about(),
        ]
        for each in self._sections:
            each.finish()
            self._stack.addWidget(each)
            self._list.addItem(each.name)
        self._list.currentRowChanged.connect(self._turn_to)
        self._list.setCurrentRow(0)

    def show_for(self, action: Action, error: ModelyardError) -> None:
        """Opens the section in which what an error is about can be mended."""
        room = error.code.value.partition("_")[0]
        self._list.setCurrentRow(_SECTION_OF.get(action, _SECTION_OF_CODE.get(room, self._list.currentRow())))

    def refresh(self) -> None:
        """Shown again: what could have changed meanwhile is asked anew."""
        self._turn_to(self._list.currentRow())

    def _turn_to(self, number: int) -> None:
        section = self._sections[number]
        self._stack.setCurrentWidget(section)
        section.shown.emit()

    # --- sections ------------------------------------------------------------------------------------------------

    def _section(self, name: str) -> Section:
        return Section(self.context, name, self._store)

    def _general(self) -> Section:
        section = self._section(self.tr("General"))
        section.add_group("look")
        section.add_group("manners")
        return section

    def _engines(self) -> Section:
        section = self._section(self.tr("Engines"))
        section.add_group("engines")
        ollama = OllamaCard(self.context)
        addresses = AddressesCard(self.context, self._store)
        section.add(self.context.words.label("setting_groups", "ollama"), ollama, addresses)
        section.shown.connect(ollama.look)
        addresses.changed.connect(ollama.look)
        return section

    def _account(self) -> Section:
        section = self._section(self.tr("Hugging Face"))
        account = AccountCard(self.context)
        section.add(self.tr("Access key"), account)
        section.shown.connect(account.look)
        return section

    def _downloads(self) -> Section:
        section = self._section(self.tr("Downloads"))
        source = SourceCard(self.context)
        card = section.add_group("downloads")
        card.body.addWidget(line())
        card.body.addWidget(source)
        section.add_group("network")
        section.shown.connect(source.clear)
        return section

    def _storage(self) -> Section:
        section = self._section(self.tr("Storage and privacy"))
        section.add_group("folders")
        section.add_group("privacy")
        section.add(self.tr("What is kept where"), PrivacyCard(self.context))
        return section

    def _about(self) -> Section:
        section = self._section(self.tr("About"))
        section.add(self.tr("About"), AboutCard(self.context))
        return section

    # --- keeping -------------------------------------------------------------------------------------------------

    def _store(self, key: str, value: Value) -> None:
        try:
            self.context.services.settings.set(key, value)
        except OSError:
            folder = str(self.context.services.folders.root)
            self.states.show_error(
                ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=folder), lambda _action: self.states.show_content()
            )
        except ValueError:
            pass  # an unfinished entry; the old value stays
        for each in self._sections:
            each.refresh()
