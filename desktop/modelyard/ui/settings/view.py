"""Settings: sections at the left, the chosen one at the right. Rows are drawn from their declaration; what needs to be
asked or tried (Ollama, the access key, the download source) has a card of its own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QListWidget, QStackedWidget, QWidget

from ...errors import Action, Code, ModelyardError
from ...host.proxy_login import split_password
from ...host.secrets import Place
from ...host.settings import Value
from ..background import in_background
from ..context import Context
from ..design.tokens import Space
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
_SIDE, _WIDEST_SIDE = 176, 240  # pixels
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
        content.setLayout(centred(both, _WIDTH, bar=Space.M))
        under = self.tr("Changes take effect at once.")
        check = button(self.tr("Self-check"), lambda: context.routes.go.emit("selfcheck"))
        super().__init__(context, self.tr("Settings"), under, content, check, width=_WIDTH)
        self._list.setObjectName("sections")
        self._list.setAccessibleName(self.tr("Sections of the settings"))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setWordWrap(True)
        self._makers: dict[str, Callable[[Section], None]] = {
            self.tr("General"): self._fill_general,
            self.tr("Engines"): self._fill_engines,
            self.tr("Hugging Face"): self._fill_account,
            self.tr("Downloads"): self._fill_downloads,
            self.tr("Storage and privacy"): self._fill_storage,
            self.tr("About"): self._fill_about,
        }
        self._sections: dict[int, Section] = {}
        self._list.addItems(list(self._makers))
        context.theme.changed.connect(self._fit_list)
        self._fit_list()
        self._list.currentRowChanged.connect(self._turn_to)
        self._list.setCurrentRow(0)
        self._idle = QTimer(self)
        self._idle.timeout.connect(self._build_one)
        self._idle.start(30)

    def _fit_list(self) -> None:
        """Names in one line, as far as there is room."""
        longest = max(self._list.fontMetrics().horizontalAdvance(name) for name in self._makers)
        self._list.setFixedWidth(max(_SIDE, min(_WIDEST_SIDE, longest + Space.HUGE)))

    def section(self, number: int) -> Section:
        """Built now if it was not yet."""
        if number not in self._sections:
            name, fill = list(self._makers.items())[number]
            made = self._sections[number] = Section(self.context, name, self._store)
            fill(made)
            made.finish()
            self._stack.addWidget(made)
        return self._sections[number]

    def _build_one(self) -> None:
        """The sections nobody has opened yet, one at a time between two breaths of the window."""
        left = [number for number in range(len(self._makers)) if number not in self._sections]
        if left:
            self.section(left[0])
        else:
            self._idle.stop()

    def show_for(self, action: Action, error: ModelyardError) -> None:
        """Opens the section in which what an error is about can be mended."""
        room = error.code.value.partition("_")[0]
        self._list.setCurrentRow(_SECTION_OF.get(action, _SECTION_OF_CODE.get(room, self._list.currentRow())))

    def refresh(self) -> None:
        """Shown again: what could have changed meanwhile is asked anew."""
        self._turn_to(self._list.currentRow())

    def _turn_to(self, number: int) -> None:
        section = self.section(number)
        self._stack.setCurrentWidget(section)
        section.shown.emit()

    # --- sections ------------------------------------------------------------------------------------------------

    def _fill_general(self, section: Section) -> None:
        section.add_group("look")
        section.add_group("manners")

    def _fill_engines(self, section: Section) -> None:
        section.add_group("engines")
        ollama = OllamaCard(self.context)
        addresses = AddressesCard(self.context, self._store)
        section.add(self.context.words.label("setting_groups", "ollama"), ollama, addresses)
        section.shown.connect(ollama.look)
        addresses.changed.connect(ollama.look)

    def _fill_account(self, section: Section) -> None:
        account = AccountCard(self.context)
        section.add(self.tr("Access key"), account)
        section.shown.connect(account.look)

    def _fill_downloads(self, section: Section) -> None:
        source = SourceCard(self.context)
        card = section.add_group("downloads")
        card.body.addWidget(line())
        card.body.addWidget(source)
        section.add_group("network")
        section.shown.connect(source.clear)

    def _fill_storage(self, section: Section) -> None:
        section.add_group("folders")
        section.add_group("privacy")
        section.add(self.tr("What is kept where"), PrivacyCard(self.context))

    def _fill_about(self, section: Section) -> None:
        section.add(self.tr("About"), AboutCard(self.context))

    # --- keeping -------------------------------------------------------------------------------------------------

    def _store(self, key: str, value: Value) -> None:
        if key == "proxy_address":
            value = self._without_password(str(value))
        try:
            self.context.services.settings.set(key, value)
        except OSError:
            folder = str(self.context.services.folders.root)
            self.states.show_error(
                ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=folder), lambda _action: self.states.show_content()
            )
        except ValueError:
            pass  # an unfinished entry; the old value stays
        for each in self._sections.values():
            each.refresh()

    def _without_password(self, address: str) -> str:
        """A password that was typed into an address goes to the keyring, not into the settings."""
        address, password = split_password(address)
        login = self.context.services.tools.proxy_login
        if password is not None:
            in_background(self, lambda _token: login.keep(address, password), self._password_kept, self._password_lost)
        return address

    def _password_kept(self, place: Place) -> None:
        kept = self.tr("The password of the proxy is kept in the system's keyring.")
        held = self.tr("There is no safe keyring: the password of the proxy is held until Modelyard closes.")
        self.context.routes.toast.emit(kept if place is Place.KEYRING else held)

    def _password_lost(self, error: ModelyardError) -> None:
        self.states.show_error(error, lambda _action: self.states.show_content())
