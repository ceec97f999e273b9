"""A mail app and a social app share a schedule service, which knows which of the two is calling."""

from aws_cdk import App, Duration, Stack
from aws_cdk.aws_apigatewayv2 import HttpMethod
from aws_cdk.aws_lambda import Code, Function, Runtime
from aws_cdk.aws_route53 import HostedZone
from cdk_mtls_service_mesh import MeshIntegration, MtlsServiceMesh
from constructs import Construct

ANSWER_CALLER = "exports.handler = async (event) => event.requestContext.authorizer.lambda;"


class ScheduleMeshStack(Stack):
    def __init__(self, scope: Construct, id: str, *, domain_name: str) -> None:
        super().__init__(scope, id)

        schedule = Function(
            self,
            "Schedule",
            runtime=Runtime.NODEJS_24_X,
            handler="index.handler",
            code=Code.from_inline(ANSWER_CALLER),
        )
        mesh = MtlsServiceMesh(
            self,
            "Mesh",
            domain_name=domain_name,
            hosted_zone=HostedZone.from_hosted_zone_attributes(
                self, "Zone", hosted_zone_id="Z0EXAMPLE", zone_name="example.com"
            ),
        )
        service = mesh.add_service("schedule", integration=MeshIntegration.lambda_function(schedule))
        service.allow(mesh.add_client("mail"))
        social = mesh.add_client("social", certificate_validity=Duration.days(5))
        service.allow(social, methods=[HttpMethod.GET, HttpMethod.POST], path="/events")


app = App()
ScheduleMeshStack(app, "ScheduleMesh", domain_name="mesh.example.com")
app.synth()
