"""The program's icon in every form that systems want, from resources/icons/modelyard.svg.

    python packaging/icons.py FOLDER    modelyard.png (1024), sizes/<n>.png, modelyard.ico, modelyard.icns

Qt draws the pictures; the containers are simple lists of PNGs and are written here.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "resources" / "icons" / "modelyard.svg"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512, 1024)
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
ICNS_TYPES = {128: b"ic07", 256: b"ic08", 512: b"ic09", 1024: b"ic10", 32: b"ic11", 64: b"ic12"}


def main(folder: Path) -> None:
    pictures = {size: png(size) for size in SIZES}
    (folder / "sizes").mkdir(parents=True, exist_ok=True)
    for size, data in pictures.items():
        (folder / "sizes" / f"{size}.png").write_bytes(data)
    (folder / "modelyard.png").write_bytes(pictures[1024])
    (folder / "modelyard.ico").write_bytes(ico({size: pictures[size] for size in ICO_SIZES}))
    (folder / "modelyard.icns").write_bytes(icns(pictures))


def png(size: int) -> bytes:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QBuffer, QIODevice, Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    app = QGuiApplication.instance() or QGuiApplication([])
    assert app is not None
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(SOURCE)).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def ico(pictures: dict[int, bytes]) -> bytes:
    """Windows: a directory of 16-byte entries, then the PNGs (256 is written as 0)."""
    offset = 6 + 16 * len(pictures)
    entries, data = b"", b""
    for size, picture in pictures.items():
        side = size % 256
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(picture), offset + len(data))
        data += picture
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + data


def icns(pictures: dict[int, bytes]) -> bytes:
    """macOS: typed blocks, each with its length."""
    blocks = b"".join(
        kind + struct.pack(">I", 8 + len(pictures[size])) + pictures[size] for size, kind in ICNS_TYPES.items()
    )
    return b"icns" + struct.pack(">I", 8 + len(blocks)) + blocks


if __name__ == "__main__":
    main(Path(sys.argv[1]))
