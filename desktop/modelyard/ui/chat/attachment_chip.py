"""One attached file: its name and how long it is, or a small picture."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from ...chat.values import Attachment
from ..context import Context
from ..design.tokens import Space
from ..figures import joined
from ..widgets.buttons import icon_button
from ..widgets.labels import ElidedText, IconLabel, Text
from ..widgets.layout import column, row
from .attaching import page_count
from .markdown.visible import visible

_PICTURE = 96  # pixels


class AttachmentChip(QFrame):
    """Signals: removed(attachment id), only with `removable`."""

    removed = Signal(int)

    def __init__(self, context: Context, attachment: Attachment, *, removable: bool = False) -> None:
        super().__init__()
        self.setObjectName("chip")
        name = ElidedText(visible(attachment.name).replace("\n", " "), "body")
        name.setFixedWidth(min(220, name.sizeHint().width() + 4))
        size = context.words.amount(attachment.size) if attachment.size else ""
        pages = ""
        if attachment.text:
            pages = context.words.label("units", "pages").format(n=page_count(attachment.text))
        self._picture = QLabel()
        self._picture.hide()
        words: QWidget = QWidget()
        words.setLayout(column(None, name, Text(joined(pages, size), "caption", wrap=False), None, spacing=0))
        line = row(self._picture, IconLabel(context.icons, "file"), words, spacing=Space.S)
        line.setContentsMargins(Space.S, Space.XS, Space.S, Space.XS)
        if removable:
            line.addWidget(
                icon_button(
                    context.icons,
                    "close",
                    self.tr("Remove {name}").format(name=attachment.name),
                    lambda: self.removed.emit(attachment.id),
                    size=14,
                )
            )
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._icon = line.itemAt(1).widget()
        self.setLayout(line)
        self.setAccessibleName(joined(attachment.name, pages, size))

    def show_picture(self, image: QImage) -> None:
        if image.isNull():
            return
        ratio = self.devicePixelRatioF()
        side = round(_PICTURE * ratio)
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        small = QPixmap.fromImage(image.scaled(side, side, keep, smooth))
        small.setDevicePixelRatio(ratio)
        self._picture.setPixmap(small)
        self._picture.show()
        self._icon.hide()
