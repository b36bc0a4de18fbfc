"""Privilege escalation: the ways by which principals of one account get at more than anybody gave them.

Plain data in, paths out; every request of a path is one that the evaluator allows.
"""

from __future__ import annotations

from reconciler.access.escalation.asking import Memory
from reconciler.access.escalation.graph import Graph
from reconciler.access.escalation.nouns import Actor, Doubt, Estate, Path, Policy, Proof, Provers, Way

__all__ = ["Actor", "Doubt", "Estate", "Graph", "Memory", "Path", "Policy", "Proof", "Provers", "Way"]
