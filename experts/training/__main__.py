"""`python -m experts.training NAME…` trains these experts, or all, and writes network and card into their folders."""

from __future__ import annotations

import sys

from experts.catalogue import HOME, names, recipe_of
from experts.training.make import make

for name in sys.argv[1:] or names():
    make(recipe_of(name), HOME / name)
