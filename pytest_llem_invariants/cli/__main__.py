"""`python -m pytest_llem_invariants.cli`."""

import sys

from pytest_llem_invariants.cli import main

sys.exit(main())
