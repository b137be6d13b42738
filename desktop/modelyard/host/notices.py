"""A notification of a Linux desktop (org.freedesktop.Notifications). Elsewhere the window shows its own."""

from __future__ import annotations

import importlib
import sys
from typing import Any


def notify_desktop(title: str, text: str, app_name: str, app_id: str) -> bool:
    """False if nobody took it. Blocks for a moment; never raises."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        jeepney = importlib.import_module("jeepney")  # untyped, and on Linux only
        blocking = importlib.import_module("jeepney.io.blocking")

        name = "org.freedesktop.Notifications"
        address = jeepney.DBusAddress("/org/freedesktop/Notifications", bus_name=name, interface=name)
        hints = {"desktop-entry": ("s", app_id)}
        body: tuple[Any, ...] = (app_name, 0, app_id, title, text, [], hints, -1)
        with blocking.open_dbus_connection(bus="SESSION") as connection:
            reply = connection.send_and_get_reply(
                jeepney.new_method_call(address, "Notify", "susssasa{sv}i", body), timeout=3.0
            )
        return bool(reply.header.message_type is jeepney.MessageType.method_return)
    except Exception:
        return False  # no bus, no service, no library: a notification is never worth an error
