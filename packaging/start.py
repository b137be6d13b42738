"""What the frozen program runs first."""

import os
import sys

if sys.platform.startswith("linux"):
    # Without a locale (env -i, cron, a service) Qt complains to the terminal and takes this one; so do we, quietly.
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG")
    if locale in (None, "C", "POSIX"):
        os.environ["LC_ALL"] = "C.UTF-8"
    # The bootloader puts our libraries before the system's. This process has them by now; a browser or an Ollama that
    # is started from here must not take them. Our own children get them back (host/children.py).
    if ours := os.environ.pop("LD_LIBRARY_PATH", ""):
        os.environ["MODELYARD_LIBRARIES"] = ours
        if before := os.environ.get("LD_LIBRARY_PATH_ORIG"):
            os.environ["LD_LIBRARY_PATH"] = before

from modelyard.__main__ import main

raise SystemExit(main())
