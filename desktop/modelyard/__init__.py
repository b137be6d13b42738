"""Modelyard: bring any language model home.

Version and addresses stand here and nowhere else; packaging, the about page and the look for updates read them.
"""

__version__ = "0.1.0"
APP_NAME = "Modelyard"
APP_ID = "io.github.modelyard.Modelyard"
REPOSITORY = "modelyard/modelyard"  # at github.com
HOME_PAGE = f"https://github.com/{REPOSITORY}"
RELEASES_PAGE = f"{HOME_PAGE}/releases"
