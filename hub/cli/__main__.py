"""``python -m hub.cli`` is ``bigear``."""

import sys

from hub.cli import main

sys.exit(main())
