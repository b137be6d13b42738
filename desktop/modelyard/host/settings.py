"""Settings, declared once: key, type, default and, for choices, the allowed values. Titles and explanations stand in
words/. A damaged file is kept aside and the defaults are used; `damaged` then names where it was put."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .proxy_login import split_password

Value = bool | int | float | str


@dataclass(frozen=True)
class Setting:
    """One declared setting. `minimum`/`maximum` bound numbers; `group` is the heading it stands under. `only_with`:
    the key of another setting and the values of it with which this one means anything."""

    key: str
    group: str
    default: Value
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    only_with: tuple[str, ...] = ()

    def accepts(self, value: object) -> bool:
        if isinstance(self.default, bool) or isinstance(value, bool):
            return isinstance(value, bool) and isinstance(self.default, bool)
        if isinstance(self.default, float):
            good = isinstance(value, (int, float))
        else:
            good = isinstance(value, type(self.default))
        if not good:
            return False
        if self.choices and value not in self.choices:
            return False
        if isinstance(value, (int, float)):
            above = self.minimum is None or value >= self.minimum
            return above and (self.maximum is None or value <= self.maximum)
        return True


DECLARED: tuple[Setting, ...] = (
    Setting("language", "look", "system", choices=("system", "en", "zh_CN")),
    Setting("look", "look", "system", choices=("system", "light", "dark")),
    Setting("text_scale", "look", 1.0, minimum=0.8, maximum=2.0),
    Setting("notify", "manners", True),
    Setting("keep_awake", "manners", True),
    Setting("engine", "engines", "builtin", choices=("builtin", "auto", "ollama")),
    Setting("threads", "engines", 0, minimum=0, maximum=512),
    Setting("gpu_layers", "engines", -1, minimum=-1, maximum=10_000),
    Setting("ollama_address", "ollama", ""),
    Setting("ollama_more_addresses", "ollama", ""),
    Setting("download_source", "downloads", "huggingface", choices=("huggingface", "hf-mirror", "custom")),
    Setting("download_address", "downloads", "", only_with=("download_source", "custom")),
    Setting("mirror_gets_token", "downloads", False, only_with=("download_source", "hf-mirror", "custom")),
    Setting("download_limit_mb", "downloads", 0, minimum=0, maximum=100_000),
    Setting("keep_originals", "downloads", False),
    Setting("proxy", "network", "system", choices=("system", "none", "address")),
    Setting("proxy_address", "network", "", only_with=("proxy", "address")),
    Setting("models_folder", "folders", ""),
    Setting("work_folder", "folders", ""),
    Setting("update_check", "privacy", False),
    Setting("update_checked", "hidden", 0.0),
    Setting("welcomed", "hidden", False),
    Setting("window", "hidden", ""),
)
_BY_KEY = {setting.key: setting for setting in DECLARED}


class Settings:
    """Typed access to the declared settings. Written atomically at each change. Unknown keys of a newer version
    survive; a value of the wrong type or outside its range counts as unset."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged: Path | None = None
        self._values: dict[str, Any] = self._read()
        self._watchers: list[Callable[[str], None]] = []

    def _read(self) -> dict[str, Any]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError):
            return self._set_aside()
        try:
            values = json.loads(text)
        except ValueError:
            return self._set_aside()
        return values if isinstance(values, dict) else self._set_aside()

    def _set_aside(self) -> dict[str, Any]:
        aside = self.path.with_name(f"{self.path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}{self.path.suffix}")
        try:
            self.path.replace(aside)
            self.damaged = aside
        except OSError:
            self.damaged = self.path
        return {}

    def get(self, key: str) -> Value:
        """Raises KeyError for an undeclared key."""
        setting = _BY_KEY[key]
        value = self._values.get(key, setting.default)
        return value if setting.accepts(value) else setting.default

    def text(self, key: str) -> str:
        return str(self.get(key))

    def number(self, key: str) -> int:
        return int(self.get(key))

    def flag(self, key: str) -> bool:
        return bool(self.get(key))

    def set(self, key: str, value: Value) -> None:
        """Raises KeyError (undeclared), ValueError (wrong type or range, a password), OSError (not writable)."""
        if not _BY_KEY[key].accepts(value):
            raise ValueError(f"{key} does not accept {value!r}")
        if key == "proxy_address" and split_password(str(value))[1] is not None:
            raise ValueError(f"{key} would hold a password; that belongs into the keyring")
        if self.get(key) == value and key in self._values:
            return
        self._values[key] = value
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(self.path.name + ".new")
        temporary.write_text(json.dumps(self._values, ensure_ascii=False, indent=1), encoding="utf-8")
        temporary.replace(self.path)
        for watcher in list(self._watchers):
            watcher(key)

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Calls `watcher(key)` after each change, on the thread that made it."""
        self._watchers.append(watcher)
