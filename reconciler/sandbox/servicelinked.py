"""Service-linked roles: what AWS calls them, and which of its policies it gives them.

Source: the guides of the services, "Using service-linked roles for …"; the policies are those of moto's copy.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["PATH", "Linked", "is_linked", "linked"]

PATH = "/aws-service-role/"
_DOMAIN = ".amazonaws.com"


class Linked(NamedTuple):
    """What is known of a service's role: its name, its policy, and whether it may have a suffix."""

    name: str
    policy: str = ""
    suffixed: bool = False


def linked(service: str) -> Linked:
    """Return what a service's role is called; where that is not known, a name made from the service's.

    Several services spell themselves as no rule could tell, hence the table.
    """
    label = service.removesuffix(_DOMAIN)
    if label in _KNOWN:
        return _KNOWN[label]
    made = "".join(f"{part[0].upper()}{part[1:]}" for part in label.replace(".", "-").split("-") if part)
    return Linked(f"AWSServiceRoleFor{made}")


def is_linked(role: Any) -> bool:
    """Return whether a role belongs to a service."""
    return str(role.path).startswith(PATH)


_SCALING = "AWSServiceRoleForApplicationAutoScaling_"
_KNOWN = {
    "access-analyzer": Linked("AWSServiceRoleForAccessAnalyzer", "AccessAnalyzerServiceRolePolicy"),
    "apidestinations.events": Linked(
        "AWSServiceRoleForAmazonEventBridgeApiDestinations", "AmazonEventBridgeApiDestinationsServiceRolePolicy"
    ),
    "autoscaling": Linked("AWSServiceRoleForAutoScaling", "AutoScalingServiceRolePolicy", suffixed=True),
    "backup": Linked("AWSServiceRoleForBackup", "AWSBackupServiceLinkedRolePolicyForBackup"),
    "batch": Linked("AWSServiceRoleForBatch", "BatchServiceRolePolicy"),
    "cks.kms": Linked(
        "AWSServiceRoleForKeyManagementServiceCustomKeyStores",
        "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy",
    ),
    "cloud9": Linked("AWSServiceRoleForAWSCloud9", "AWSCloud9ServiceRolePolicy"),
    "cloudhsm": Linked("AWSServiceRoleForCloudHSM", "CloudHSMServiceRolePolicy"),
    "cloudtrail": Linked("AWSServiceRoleForCloudTrail", "CloudTrailServiceRolePolicy"),
    "config": Linked("AWSServiceRoleForConfig", "AWSConfigServiceRolePolicy"),
    "connect": Linked("AWSServiceRoleForAmazonConnect", "AmazonConnectServiceLinkedRolePolicy", suffixed=True),
    "dax": Linked("AWSServiceRoleForDAX", "DAXServiceRolePolicy"),
    "dynamodb.application-autoscaling": Linked(
        f"{_SCALING}DynamoDBTable", "AWSApplicationAutoscalingDynamoDBTablePolicy"
    ),
    "ec2.application-autoscaling": Linked(
        f"{_SCALING}EC2SpotFleetRequest", "AWSApplicationAutoscalingEC2SpotFleetRequestPolicy"
    ),
    "ec2fleet": Linked("AWSServiceRoleForEC2Fleet", "AWSEC2FleetServiceRolePolicy"),
    "ecs": Linked("AWSServiceRoleForECS", "AmazonECSServiceRolePolicy"),
    "ecs.application-autoscaling": Linked(f"{_SCALING}ECSService", "AWSApplicationAutoscalingECSServicePolicy"),
    "eks": Linked("AWSServiceRoleForAmazonEKS", "AmazonEKSServiceRolePolicy"),
    "eks-fargate": Linked("AWSServiceRoleForAmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy"),
    "eks-nodegroup": Linked("AWSServiceRoleForAmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"),
    "elasticache": Linked("AWSServiceRoleForElastiCache", "ElastiCacheServiceRolePolicy"),
    "elasticbeanstalk": Linked("AWSServiceRoleForElasticBeanstalk", "AWSElasticBeanstalkServiceRolePolicy"),
    "elasticfilesystem": Linked("AWSServiceRoleForAmazonElasticFileSystem", "AmazonElasticFileSystemServiceRolePolicy"),
    "elasticloadbalancing": Linked("AWSServiceRoleForElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    "elasticmapreduce": Linked("AWSServiceRoleForEMRCleanup", "AmazonEMRCleanupPolicy"),
    "email.cognito-idp": Linked(
        "AWSServiceRoleForAmazonCognitoIdpEmailService", "AmazonCognitoIdpEmailServiceRolePolicy"
    ),
    "es": Linked("AWSServiceRoleForAmazonElasticsearchService", "AmazonElasticsearchServiceRolePolicy"),
    "fms": Linked("AWSServiceRoleForFMS", "FMSServiceRolePolicy"),
    "globalaccelerator": Linked("AWSServiceRoleForGlobalAccelerator", "AWSGlobalAcceleratorSLRPolicy"),
    "guardduty": Linked("AWSServiceRoleForAmazonGuardDuty", "AmazonGuardDutyServiceRolePolicy"),
    "imagebuilder": Linked("AWSServiceRoleForImageBuilder", "AWSServiceRoleForImageBuilder"),
    "inspector": Linked("AWSServiceRoleForAmazonInspector", "AmazonInspectorServiceRolePolicy"),
    "inspector2": Linked("AWSServiceRoleForAmazonInspector2", "AmazonInspector2ServiceRolePolicy"),
    "kafka": Linked("AWSServiceRoleForKafka", "KafkaServiceRolePolicy"),
    "lex": Linked("AWSServiceRoleForLexBots", "LexBotPolicy"),
    "lexv2": Linked("AWSServiceRoleForLexV2Bots", "AmazonLexV2BotPolicy", suffixed=True),
    "logger.cloudfront": Linked("AWSServiceRoleForCloudFrontLogger", "AWSCloudFrontLogger"),
    "macie": Linked("AWSServiceRoleForAmazonMacie", "AmazonMacieServiceRolePolicy"),
    "member.org.stacksets.cloudformation": Linked(
        "AWSServiceRoleForCloudFormationStackSetsOrgMember", "CloudFormationStackSetsOrgMemberServiceRolePolicy"
    ),
    "mrk.kms": Linked(
        "AWSServiceRoleForKeyManagementServiceMultiRegionKeys",
        "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy",
    ),
    "opensearchservice": Linked("AWSServiceRoleForAmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    "ops.apigateway": Linked("AWSServiceRoleForAPIGateway", "APIGatewayServiceRolePolicy"),
    "organizations": Linked("AWSServiceRoleForOrganizations", "AWSOrganizationsServiceTrustPolicy"),
    "rds": Linked("AWSServiceRoleForRDS", "AmazonRDSServiceRolePolicy"),
    "rds.application-autoscaling": Linked(f"{_SCALING}RDSCluster", "AWSApplicationAutoscalingRDSClusterPolicy"),
    "redshift": Linked("AWSServiceRoleForRedshift", "AmazonRedshiftServiceLinkedRolePolicy"),
    "replication.dynamodb": Linked("AWSServiceRoleForDynamoDBReplication", "DynamoDBReplicationServiceRolePolicy"),
    "replicator.lambda": Linked("AWSServiceRoleForLambdaReplicator", "AWSLambdaReplicator"),
    "securityhub": Linked("AWSServiceRoleForSecurityHub", "AWSSecurityHubServiceRolePolicy"),
    "spot": Linked("AWSServiceRoleForEC2Spot", "AWSEC2SpotServiceRolePolicy"),
    "spotfleet": Linked("AWSServiceRoleForEC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy"),
    "ssm": Linked("AWSServiceRoleForAmazonSSM", "AmazonSSMServiceRolePolicy"),
    "sso": Linked("AWSServiceRoleForSSO", "AWSSSOServiceRolePolicy"),
    "stacksets.cloudformation": Linked(
        "AWSServiceRoleForCloudFormationStackSetsOrgAdmin", "CloudFormationStackSetsOrgAdminServiceRolePolicy"
    ),
    "support": Linked("AWSServiceRoleForSupport", "AWSSupportServiceRolePolicy"),
    "transitgateway": Linked("AWSServiceRoleForVPCTransitGateway", "AWSVPCTransitGatewayServiceRolePolicy"),
    "trustedadvisor": Linked("AWSServiceRoleForTrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy"),
    "wafv2": Linked("AWSServiceRoleForWAFV2Logging", "WAFV2LoggingServiceRolePolicy"),
}
"""By service principal, without its domain."""
