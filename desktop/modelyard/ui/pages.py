"""How each view is built, when it is first shown: imports stand inside the makers to keep the start short."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from .context import Context
from .routes import Place


def load_pages() -> None:
    """Loads what the makers import, so that the first look at a view does not wait for it. For a background thread."""
    from .importing import jobs_view, wizard  # noqa: F401
    from .models import view as models  # noqa: F401
    from .personas import view as personas  # noqa: F401
    from .selfcheck import view as selfcheck  # noqa: F401
    from .settings import view as settings  # noqa: F401
    from .welcome import view as welcome  # noqa: F401


def page_makers(context: Context) -> dict[str, Callable[[], QWidget]]:
    """Makers by the name of the view; "welcome", "wizard" and "selfcheck" stand beside those of the rail."""

    def chat() -> QWidget:
        from .chat.view import ChatView

        return ChatView(context)

    def models() -> QWidget:
        from .models.view import ModelsView

        return ModelsView(context)

    def personas() -> QWidget:
        from .personas.view import PersonasView

        return PersonasView(context)

    def imports() -> QWidget:
        from .importing.jobs_view import ImportsView

        return ImportsView(context)

    def settings() -> QWidget:
        from .settings.view import SettingsView

        return SettingsView(context)

    def selfcheck() -> QWidget:
        from .selfcheck.view import SelfCheckView

        return SelfCheckView(context)

    def welcome() -> QWidget:
        from .welcome.view import WelcomeView

        return WelcomeView(context)

    def wizard() -> QWidget:
        from .importing.wizard import ImportWizard

        return ImportWizard(context)

    return {
        Place.CHAT.value: chat,
        Place.MODELS.value: models,
        Place.PERSONAS.value: personas,
        Place.IMPORTS.value: imports,
        Place.SETTINGS.value: settings,
        "selfcheck": selfcheck,
        "welcome": welcome,
        "wizard": wizard,
    }
