"""A persona's picture: round, or the first letter of its name on a calm ground."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QImageReader, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QLabel

from ..design.theme import Theme

_KEPT = 512  # pixels a side of a stored picture
_LARGEST = 12_000  # pixels a side of one that is read at all


def read_picture(data: bytes, side: int = _KEPT) -> QImage:
    """A picture from anywhere, no larger than `side`; null if it is none. Formats and sizes are bounded."""
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > _LARGEST:
        return QImage()
    reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    return reader.read()


def as_png(data: bytes) -> bytes:
    """A square PNG of a picture file, b"" if it is none."""
    image = read_picture(data)
    if image.isNull():
        return b""
    side = min(image.width(), image.height())
    image = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    made = QByteArray()
    buffer = QBuffer(made)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    buffer.close()
    return bytes(made.data())


class Portrait(QLabel):
    """Decoration: the name beside it says the same."""

    def __init__(self, theme: Theme, side: int) -> None:
        super().__init__()
        self._theme = theme
        self._side = side
        self._shown: tuple[bytes, str] = (b"", "")
        self.setFixedSize(side, side)
        theme.changed.connect(self._draw)

    def show_persona(self, picture: bytes, name: str) -> None:
        if (picture, name) != self._shown:
            self._shown = (picture, name)
            self._draw()

    def _draw(self) -> None:
        picture, name = self._shown
        ratio = self.devicePixelRatioF()
        pixels = round(self._side * ratio)
        made = QPixmap(QSize(pixels, pixels))
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        path = QPainterPath()
        path.addEllipse(QRectF(0, 0, pixels, pixels))
        painter.setClipPath(path)
        image = read_picture(picture, pixels) if picture else QImage()
        if image.isNull():
            self._draw_letter(painter, pixels, name)
        else:
            painter.drawImage((pixels - image.width()) // 2, (pixels - image.height()) // 2, image)
        painter.end()
        made.setDevicePixelRatio(ratio)
        self.setPixmap(made)

    def _draw_letter(self, painter: QPainter, pixels: int, name: str) -> None:
        colours = self._theme.colours
        painter.fillRect(0, 0, pixels, pixels, QColor(colours.accent_soft))
        font = QFont(self.font())
        font.setPixelSize(max(8, round(pixels * 0.45)))
        painter.setFont(font)
        painter.setPen(QColor(colours.accent_text))
        painter.drawText(QRectF(0, 0, pixels, pixels), Qt.AlignmentFlag.AlignCenter, name.strip()[:1].upper() or "?")
