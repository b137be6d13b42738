"""The Hugging Face access key: pasted, kept in the system's keyring, tried, forgotten. Never shown again."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QLineEdit

from ...errors import Code, ModelyardError
from ...events import CancelToken
from ...host.secrets import Place
from ...hub.values import Account
from ...importing.access import KeyState
from ..background import in_background
from ..context import Context
from ..design.tokens import Size, Space
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import line, row
from .trial import Trial


class AccountCard(Card):
    def __init__(self, context: Context) -> None:
        super().__init__(spacing=Space.M)
        self._context = context
        self._page = "https://huggingface.co/settings/tokens"
        self._picture = IconLabel(context.icons, "info", "muted", Size.ICON)
        self._state = Text(self.tr("Looking for an access key …"))
        self._forget = button(self.tr("Forget it"), self._forget_it)
        self._forget.hide()
        state = row(self._picture, self._state, self._forget, spacing=Space.M)
        state.setStretch(1, 1)
        self._trouble = Text("", "caption")
        self._trouble.hide()
        self._edit = QLineEdit()
        self._edit.setEchoMode(QLineEdit.EchoMode.Password)
        self._edit.setPlaceholderText("hf_…")
        self._edit.setAccessibleName(self.tr("Access key"))
        self._edit.setMaxLength(512)
        self._edit.returnPressed.connect(self._keep)
        self._edit.textChanged.connect(lambda text: self._save.setEnabled(bool(text.strip())))
        self._save = button(self.tr("Keep it"), self._keep, "primary")
        self._save.setEnabled(False)
        typed = row(self._edit, self._save, spacing=Space.S)
        typed.setStretch(0, 1)
        self._session_only = QCheckBox(self.tr("For this session only; keep it nowhere"))
        access = context.services.tools.access
        self._trial = Trial(context, self.tr("Test the key"), access.whose_key, self._say_account)
        make = button(self.tr("Make a key at Hugging Face"), self._make_key, "link")
        self.body.addLayout(state)
        self.body.addWidget(self._trouble)
        self.body.addLayout(typed)
        self.body.addWidget(self._session_only)
        self.body.addWidget(line())
        self.body.addWidget(self._trial)
        self.body.addLayout(row(make, None))
        about = self.tr(
            "A key is only needed for models whose authors ask for it, and for publishing. It goes to the server it "
            "belongs to and nowhere else."
        )
        self.body.addWidget(Text(about, "caption"))

    def look(self) -> None:
        """Asks the keyring, which may make the system ask for its password."""
        access = self._context.services.tools.access
        in_background(self, lambda _token: access.key_state(), self._show, self._fail)

    # --- what is known -------------------------------------------------------------------------------------------

    def _show(self, state: KeyState) -> None:
        self._page = state.keys_page
        self._trial.setVisible(state.place is not None)
        self._forget.setVisible(state.place in (Place.KEYRING, Place.SESSION))
        self._picture.show_icon("check" if state.place else "info", "good" if state.place else "muted")
        match state.place:
            case Place.KEYRING:
                text = self.tr("An access key for {host} is kept in the system's keyring.")
            case Place.SESSION:
                text = self.tr("An access key for {host} is held until Modelyard closes.")
            case Place.ENVIRONMENT:
                text = self.tr("HF_TOKEN gives an access key for {host}. A key kept here goes before it.")
            case _:
                text = self.tr("There is no access key for {host}.")
        self._state.setText(text.format(host=state.host))
        self._show_trouble(state.keyring)

    def _show_trouble(self, error: ModelyardError | None) -> None:
        """What keeps a key from being kept; then only this session is offered."""
        nowhere = error is not None and error.code in (Code.KEYRING_MISSING, Code.KEYRING_UNSAFE)
        if nowhere:
            self._session_only.setChecked(True)
        self._session_only.setEnabled(not nowhere)
        self._trouble.setVisible(error is not None)
        if error is not None:
            words = self._context.words.error(error)
            self._trouble.setText(f"{words.title}\n{words.reason}".strip())

    def _say_account(self, account: Account) -> str:
        rights = {
            "read": self.tr("may read"),
            "write": self.tr("may read and publish"),
            "fine-grained": self.tr("has chosen rights"),
        }.get(account.rights, account.rights)
        said = self.tr("{name}: this key {rights}.").format(name=account.name, rights=rights)
        if not account.reads_gated:
            said += " " + self.tr("It does not open models whose authors ask for terms to be accepted.")
        if account.rights == "fine-grained" and account.can_write:
            said += " " + self.tr("It may publish to {names}.").format(names=", ".join(account.can_write))
        return said

    # --- what is done --------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        text, session_only = self._edit.text(), self._session_only.isChecked()
        if not text.strip():
            return
        access = self._context.services.tools.access
        self._save.setEnabled(False)

        def keep(_token: CancelToken) -> KeyState:
            return access.keep_key(text, session_only)

        in_background(self, keep, self._kept, self._fail)

    def _kept(self, state: KeyState) -> None:
        self._edit.clear()
        self._show(state)
        self._trial.run()

    def _forget_it(self) -> None:
        access = self._context.services.tools.access
        self._trial.clear()
        in_background(self, lambda _token: access.forget_key(), self._show, self._fail)

    def _fail(self, error: ModelyardError) -> None:
        self._save.setEnabled(bool(self._edit.text().strip()))
        self._show_trouble(error)

    def _make_key(self) -> None:
        address = QUrl(self._page)
        if address.scheme() in ("https", "http"):
            QDesktopServices.openUrl(address)
