from aws_cdk import App, Stack
from aws_cdk.aws_apigatewayv2 import MappingValue
from aws_cdk.aws_apigatewayv2_integrations import HttpUrlIntegration
from aws_cdk.aws_route53 import HostedZone
from cdk_mtls_service_mesh import MeshIntegration, MeshIntegrationConfig, MtlsServiceMesh


class VersionedIntegration(MeshIntegration):
    def bind(self, *, scope, service_name, gateway):
        mapping = MeshIntegration.identity_headers().overwrite_header("x-service-version", MappingValue.custom("2"))
        url = f"https://{service_name}.example.com"
        integration = HttpUrlIntegration("Integration", url, parameter_mapping=mapping)
        return MeshIntegrationConfig(root=integration, below=integration)


app = App()
stack = Stack(app, "ScheduleMesh")
mesh = MtlsServiceMesh(
    stack,
    "Mesh",
    domain_name="mesh.example.com",
    hosted_zone=HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0EXAMPLE", zone_name="example.com"
    ),
)
mesh.add_service("schedule", integration=VersionedIntegration())
app.synth()
