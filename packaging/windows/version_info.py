"""What Windows shows under Properties, as PyInstaller reads it."""

from __future__ import annotations


def version_info(name: str, version: str) -> str:
    """`version` is three numbers. 040904B0 and 1033, 1200: English, Unicode."""
    numbers = (*tuple(int(part) for part in version.split(".")), 0)
    strings = {"ProductName": name, "FileDescription": name, "FileVersion": version}
    strings |= {"ProductVersion": version, "LegalCopyright": "Apache-2.0"}
    table = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}), kids=[StringFileInfo(["
        f"StringTable('040904B0', [{table}])]), VarFileInfo([VarStruct('Translation', [1033, 1200])])])"
    )
