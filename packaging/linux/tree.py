"""Where the files of the program stand below /usr, in the Debian package and in the AppImage alike."""

from __future__ import annotations

from pathlib import Path

from steps import APP_ID, PACKAGING, ROOT, Places, put

ICON_SIZES = (48, 128, 256)


def put_share(share: Path, places: Places) -> None:
    """Menu entry, AppStream metadata, file type, icons and the copyright note below `share` (…/usr/share)."""
    linux = PACKAGING / "linux"
    put(share / f"applications/{APP_ID}.desktop", linux / f"{APP_ID}.desktop")
    put(share / f"metainfo/{APP_ID}.metainfo.xml", linux / f"{APP_ID}.metainfo.xml")
    put(share / f"mime/packages/{APP_ID}.xml", linux / f"{APP_ID}.mime.xml")
    put(share / f"icons/hicolor/scalable/apps/{APP_ID}.svg", ROOT / "resources/icons/modelyard.svg")
    for size in ICON_SIZES:
        put(share / f"icons/hicolor/{size}x{size}/apps/{APP_ID}.png", places.build / "icons" / "sizes" / f"{size}.png")
    put(share / "doc/modelyard/copyright", ROOT / "LICENSE")
