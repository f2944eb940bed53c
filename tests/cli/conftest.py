"""The commands work on the same ground as the use cases."""

from tests.flow.conftest import city, ground, model, staff, stamp_all, work_off

__all__ = ["city", "ground", "model", "staff", "stamp_all", "work_off"]
