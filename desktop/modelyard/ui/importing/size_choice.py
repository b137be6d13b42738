"""The sizes on offer in their groups Small, Balanced, Large; rarer ones under "More sizes"."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from ...importing.inspection import AS_IS, Group, Inspection, SizeOption
from ..context import Context
from ..design.tokens import Space
from ..widgets.fold import Fold
from ..widgets.labels import Text
from ..widgets.layout import column
from .size_row import SizeRow


class SizeChoice(QWidget):
    """Signals: chosen(SizeOption)."""

    chosen = Signal(object)

    def __init__(self, context: Context, inspection: Inspection, size: str) -> None:
        """`size` is chosen already; empty: the recommended one."""
        super().__init__()
        self._buttons = QButtonGroup(self)
        self._rows: list[SizeRow] = []
        self._stored_as = inspection.stored_as
        body = column(spacing=Space.S)
        common = [option for option in inspection.sizes if option.common or option.recommended]
        rare = [option for option in inspection.sizes if option not in common]
        self._fill(context, body, common)
        if rare:
            fold = Fold(context.icons, self.tr("More sizes"), lambda: self._more(context, rare))
            if any(option.size == size for option in rare):
                fold.toggle()
            body.addWidget(fold)
        self.setLayout(body)
        wanted = next((each for each in self._rows if each.option.size == size), None)
        wanted = wanted or next((each for each in self._rows if each.option is inspection.recommended), None)
        if wanted is not None:
            wanted.setChecked(True)
        self._buttons.buttonClicked.connect(lambda pressed: self.chosen.emit(pressed.option))

    def _more(self, context: Context, rare: list[SizeOption]) -> QWidget:
        more = QWidget()
        inner = column(spacing=Space.S)
        self._fill(context, inner, rare)
        more.setLayout(inner)
        return more

    @property
    def current(self) -> SizeOption | None:
        pressed = self._buttons.checkedButton()
        return pressed.option if isinstance(pressed, SizeRow) else None

    def _fill(self, context: Context, body: QVBoxLayout, options: list[SizeOption]) -> None:
        several = len({option.group for option in options}) > 1
        for group in Group:
            members = [option for option in options if option.group is group]
            if members and several:
                body.addSpacing(Space.XS)
                body.addWidget(Text(context.words.label("groups", group.value), "strong"))
            for option in members:
                made = SizeRow(context.words, option, self._stored_as if option.size == AS_IS else option.size)
                self._buttons.addButton(made)
                self._rows.append(made)
                body.addWidget(made)
