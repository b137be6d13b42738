"""Settings of dmgbuild: the disk image with the program and a link to Applications."""

from __future__ import annotations

app = defines["app"]  # noqa: F821 - given by dmgbuild
files = [app]
symlinks = {"Applications": "/Applications"}
icon_locations = {"Modelyard.app": (140, 160), "Applications": (400, 160)}
window_rect = ((200, 200), (540, 340))
icon_size = 96
format = "UDZO"
