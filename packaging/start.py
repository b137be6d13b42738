"""What the frozen program runs first."""

import os
import sys

if sys.platform.startswith("linux"):
    # Without a locale (env -i, cron, a service) Qt complains to the terminal and takes this one; so do we, quietly.
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG")
    if locale in (None, "C", "POSIX"):
        os.environ["LC_ALL"] = "C.UTF-8"

from modelyard.__main__ import main

raise SystemExit(main())
