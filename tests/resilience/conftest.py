"""What missions and the tests of faults share."""

from tests.scenario.conftest import log_lines, mission, start

__all__ = ["log_lines", "mission", "start"]
