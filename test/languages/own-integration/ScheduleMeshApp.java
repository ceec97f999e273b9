package example;

import io.github.cdk_mtls_service_mesh.MeshIntegration;
import io.github.cdk_mtls_service_mesh.MeshIntegrationBindOptions;
import io.github.cdk_mtls_service_mesh.MeshIntegrationConfig;
import io.github.cdk_mtls_service_mesh.MeshServiceOptions;
import io.github.cdk_mtls_service_mesh.MtlsServiceMesh;
import software.amazon.awscdk.App;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.aws_apigatewayv2_integrations.HttpUrlIntegration;
import software.amazon.awscdk.services.apigatewayv2.MappingValue;
import software.amazon.awscdk.services.apigatewayv2.ParameterMapping;
import software.amazon.awscdk.services.route53.HostedZone;
import software.amazon.awscdk.services.route53.HostedZoneAttributes;

public final class ScheduleMeshApp {
    public static void main(final String[] args) {
        App app = new App();
        Stack stack = new Stack(app, "ScheduleMesh");
        HostedZoneAttributes zone = HostedZoneAttributes.builder()
                .hostedZoneId("Z0EXAMPLE")
                .zoneName("example.com")
                .build();
        MtlsServiceMesh mesh = MtlsServiceMesh.Builder.create(stack, "Mesh")
                .domainName("mesh.example.com")
                .hostedZone(HostedZone.fromHostedZoneAttributes(stack, "Zone", zone))
                .build();
        mesh.addService("schedule", MeshServiceOptions.builder()
                .integration(new VersionedIntegration())
                .build());
        app.synth();
    }

    static final class VersionedIntegration extends MeshIntegration {
        @Override
        public MeshIntegrationConfig bind(final MeshIntegrationBindOptions options) {
            ParameterMapping mapping = MeshIntegration.identityHeaders()
                    .overwriteHeader("x-service-version", MappingValue.custom("2"));
            String url = "https://" + options.getServiceName() + ".example.com";
            HttpUrlIntegration integration = HttpUrlIntegration.Builder.create("Integration", url)
                    .parameterMapping(mapping)
                    .build();
            return MeshIntegrationConfig.builder().root(integration).below(integration).build();
        }
    }
}
