"""The colour of one place in a window of this screen, as #rrggbb: what an eye sees there. `pixel.py WINDOW X Y`"""

from __future__ import annotations

import sys

from PySide6.QtGui import QGuiApplication

app = QGuiApplication(sys.argv)
window, x, y = (int(text) for text in sys.argv[1:4])
picture = QGuiApplication.primaryScreen().grabWindow(window, x, y, 1, 1)
sys.stdout.write(picture.toImage().pixelColor(0, 0).name())
