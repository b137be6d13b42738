"""What the frozen program runs first."""

from modelyard.__main__ import main

raise SystemExit(main())
