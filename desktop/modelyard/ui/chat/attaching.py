"""What is dropped, pasted or chosen becomes attachments: pictures made smaller, files read. For worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from ...chat.documents import read_document
from ...chat.values import NewAttachment
from ...errors import Code, ModelyardError
from ...events import CancelToken

PICTURES = ("png", "jpg", "jpeg", "webp", "gif", "bmp")
_LONGEST_SIDE = 1_568  # pixels: models see no finer
_MOST_PIXELS = 60_000_000
_TOKENS_A_PAGE = 500


def page_count(text: str) -> int:
    """About how many printed pages a text takes."""
    return max(1, round(token_guess(text) / _TOKENS_A_PAGE))


def token_guess(text: str) -> int:
    """About how many tokens a text takes: four letters a token, a Chinese character nearly one."""
    wide = sum(character > "\u2e7f" for character in text[:20_000])
    share = wide / max(1, min(len(text), 20_000))
    return round(len(text) * (share * 0.8 + (1 - share) * 0.26)) + 1


def is_picture(path: Path) -> bool:
    return path.suffix.lower().lstrip(".") in PICTURES


def read_files(paths: Sequence[Path], cancel: CancelToken) -> list[NewAttachment]:
    """Blocks. Raises what read_document raises."""
    return [read_picture(path) if is_picture(path) else read_document(path, cancel) for path in paths]


def read_picture(path: Path) -> NewAttachment:
    """The first frame of a moving one. Raises FILE_MISSING, CHAT_PICTURE_TOO_LARGE, CHAT_DOCUMENT_UNREADABLE."""
    if not path.is_file():
        raise ModelyardError(Code.FILE_MISSING, name=path.name)
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    if reader.canRead() and reader.format().data().decode() not in PICTURES:
        # A drawing (SVG) under a picture's name: it could show other files of this computer.
        raise ModelyardError(Code.CHAT_DOCUMENT_UNREADABLE, name=path.name, detail=reader.format().data().decode())
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(_fitting(size))
    image = reader.read()
    if image.isNull():
        if size.width() * size.height() > _MOST_PIXELS:  # Qt decodes no more than 256 MB
            raise ModelyardError(Code.CHAT_PICTURE_TOO_LARGE, name=path.name, width=size.width(), height=size.height())
        raise ModelyardError(Code.CHAT_DOCUMENT_UNREADABLE, name=path.name, detail=reader.errorString())
    return picture_attachment(image, path.name)


def picture_attachment(image: QImage, name: str) -> NewAttachment:
    """A picture as JPEG, or PNG if it is see-through; at most as fine as models see."""
    size = _fitting(image.size())
    if size != image.size():
        keep, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        image = image.scaled(size, keep, smooth)
    kind = "PNG" if image.hasAlphaChannel() else "JPG"
    colours = QImage.Format.Format_ARGB32 if kind == "PNG" else QImage.Format.Format_RGB32
    image = image.convertToFormat(colours)  # models read neither printers' colours (CMYK) nor 16 bits
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, kind, 90 if kind == "JPG" else -1)
    return NewAttachment(name, "image/png" if kind == "PNG" else "image/jpeg", bytes(data.data()))


def _fitting(size: QSize) -> QSize:
    longest = max(size.width(), size.height())
    if longest <= _LONGEST_SIDE:
        return size
    return size.scaled(_LONGEST_SIDE, _LONGEST_SIDE, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
