package example;

import io.github.cdk_mtls_service_mesh.MeshClient;
import io.github.cdk_mtls_service_mesh.MeshClientOptions;
import io.github.cdk_mtls_service_mesh.MeshGrantOptions;
import io.github.cdk_mtls_service_mesh.MeshIntegration;
import io.github.cdk_mtls_service_mesh.MeshService;
import io.github.cdk_mtls_service_mesh.MeshServiceOptions;
import io.github.cdk_mtls_service_mesh.MtlsServiceMesh;
import java.util.List;
import software.amazon.awscdk.App;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.apigatewayv2.HttpMethod;
import software.amazon.awscdk.services.lambda.Code;
import software.amazon.awscdk.services.lambda.Function;
import software.amazon.awscdk.services.lambda.Runtime;
import software.amazon.awscdk.services.route53.HostedZone;
import software.amazon.awscdk.services.route53.HostedZoneAttributes;
import software.constructs.Construct;

/** A mail app and a social app share a schedule service, which knows which of the two is calling. */
public final class ScheduleMeshApp {
    private static final String ANSWER_CALLER =
            "exports.handler = async (event) => event.requestContext.authorizer.lambda;";

    public static void main(final String[] args) {
        App app = new App();
        new ScheduleMeshStack(app, "ScheduleMesh", "mesh.example.com");
        app.synth();
    }

    static final class ScheduleMeshStack extends Stack {
        ScheduleMeshStack(final Construct scope, final String id, final String domainName) {
            super(scope, id);

            Function schedule = Function.Builder.create(this, "Schedule")
                    .runtime(Runtime.NODEJS_24_X)
                    .handler("index.handler")
                    .code(Code.fromInline(ANSWER_CALLER))
                    .build();
            HostedZoneAttributes zone = HostedZoneAttributes.builder()
                    .hostedZoneId("Z0EXAMPLE")
                    .zoneName("example.com")
                    .build();
            MtlsServiceMesh mesh = MtlsServiceMesh.Builder.create(this, "Mesh")
                    .domainName(domainName)
                    .hostedZone(HostedZone.fromHostedZoneAttributes(this, "Zone", zone))
                    .build();
            MeshService service = mesh.addService("schedule", MeshServiceOptions.builder()
                    .integration(MeshIntegration.lambdaFunction(schedule))
                    .build());
            service.allow(mesh.addClient("mail"));
            MeshClient social = mesh.addClient("social", MeshClientOptions.builder()
                    .certificateValidity(Duration.days(5))
                    .build());
            service.allow(social, MeshGrantOptions.builder()
                    .methods(List.of(HttpMethod.GET, HttpMethod.POST))
                    .path("/events")
                    .build());
        }
    }
}
