"""A small window beside the program, from which a file can be dragged: what a file manager is for the test."""

from __future__ import annotations

import sys

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Handle(QLabel):
    def mousePressEvent(self, event: QMouseEvent) -> None:
        drag = QDrag(self)
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(sys.argv[1])])
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)


app = QApplication(sys.argv)
handle = Handle("drag me")
handle.setWindowTitle("DragSource")
handle.setGeometry(20, 60, 120, 80)
handle.show()
sys.exit(app.exec())
