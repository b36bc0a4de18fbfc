"""From desired and live to a Plan: ownership, order, the readings that only some plans need; and saved plans."""

from reconciler.plan.make import Begun, Reader, make

__all__ = ["Begun", "Reader", "make"]
