"""Runs tests of ours with the packages that a framework itself admits.

    python own_tests.py test_google_adk.py

They are in ``tests/adapters`` and use the server of HANSARD_URL.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ADAPTERS = Path(__file__).resolve().parents[1] / "adapters"

os.environ["HANSARD_TEST_SERVER"] = "yes"
os.chdir(ADAPTERS.parents[1])
options = ["-q", "-W", "default", f"--confcutdir={ADAPTERS}"]  # a framework may warn of itself
sys.exit(pytest.main([*options, *(str(ADAPTERS / name) for name in sys.argv[1:])]))
