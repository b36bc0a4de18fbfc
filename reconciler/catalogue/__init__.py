"""What AWS publishes about itself, as shipped data: its managed policies and the services that assume roles.

Nothing is read before the first question; ``data/README.md`` says where each file comes from and of which day it is.
"""

from __future__ import annotations

from reconciler.catalogue.policies import ManagedPolicy, managed_policy, managed_policy_paths, near_managed_policies
from reconciler.catalogue.services import ServiceRole, near_services, service_actions, service_principals, service_role

__all__ = [
    "ManagedPolicy",
    "ServiceRole",
    "managed_policy",
    "managed_policy_paths",
    "near_managed_policies",
    "near_services",
    "service_actions",
    "service_principals",
    "service_role",
]
