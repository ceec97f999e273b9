package main

import (
	mesh "example.com/cdk-mtls-service-mesh-go/cdkmtlsservicemesh"
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/jsii-runtime-go"
)

type versionedIntegration struct {
	mesh.MeshIntegration
}

func newVersionedIntegration() mesh.MeshIntegration {
	integration := &versionedIntegration{}
	mesh.NewMeshIntegration_Override(integration)
	return integration
}

func (*versionedIntegration) Bind(options *mesh.MeshIntegrationBindOptions) *mesh.MeshIntegrationConfig {
	mapping := mesh.MeshIntegration_IdentityHeaders().
		OverwriteHeader(jsii.String("x-service-version"), awsapigatewayv2.MappingValue_Custom(jsii.String("2")))
	url := jsii.String("https://" + *options.ServiceName + ".example.com")
	integration := awsapigatewayv2integrations.NewHttpUrlIntegration(jsii.String("Integration"), url,
		&awsapigatewayv2integrations.HttpUrlIntegrationProps{ParameterMapping: mapping})
	return &mesh.MeshIntegrationConfig{Root: integration, Below: integration}
}

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("ScheduleMesh"), nil)
	scheduleMesh := mesh.NewMtlsServiceMesh(stack, jsii.String("Mesh"), &mesh.MtlsServiceMeshProps{
		DomainName: jsii.String("mesh.example.com"),
		HostedZone: awsroute53.HostedZone_FromHostedZoneAttributes(stack, jsii.String("Zone"), &awsroute53.HostedZoneAttributes{
			HostedZoneId: jsii.String("Z0EXAMPLE"),
			ZoneName:     jsii.String("example.com"),
		}),
	})
	scheduleMesh.AddService(jsii.String("schedule"), &mesh.MeshServiceOptions{
		Integration: newVersionedIntegration(),
	})
	app.Synth(nil)
}
