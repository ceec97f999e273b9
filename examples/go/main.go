// A mail app and a social app share a schedule service, which knows which of the two is calling.
package main

import (
	mesh "example.com/cdk-mtls-service-mesh-go/cdkmtlsservicemesh"
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const answerCaller = "exports.handler = async (event) => event.requestContext.authorizer.lambda;"

func newScheduleMeshStack(scope constructs.Construct, id string, domainName string) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String(id), nil)

	schedule := awslambda.NewFunction(stack, jsii.String("Schedule"), &awslambda.FunctionProps{
		Runtime: awslambda.Runtime_NODEJS_24_X(),
		Handler: jsii.String("index.handler"),
		Code:    awslambda.Code_FromInline(jsii.String(answerCaller)),
	})
	scheduleMesh := mesh.NewMtlsServiceMesh(stack, jsii.String("Mesh"), &mesh.MtlsServiceMeshProps{
		DomainName: jsii.String(domainName),
		HostedZone: awsroute53.HostedZone_FromHostedZoneAttributes(stack, jsii.String("Zone"), &awsroute53.HostedZoneAttributes{
			HostedZoneId: jsii.String("Z0EXAMPLE"),
			ZoneName:     jsii.String("example.com"),
		}),
	})
	service := scheduleMesh.AddService(jsii.String("schedule"), &mesh.MeshServiceOptions{
		Integration: mesh.MeshIntegration_LambdaFunction(schedule),
	})
	service.Allow(scheduleMesh.AddClient(jsii.String("mail"), nil), nil)
	social := scheduleMesh.AddClient(jsii.String("social"), &mesh.MeshClientOptions{
		CertificateValidity: awscdk.Duration_Days(jsii.Number(5)),
	})
	service.Allow(social, &mesh.MeshGrantOptions{
		Methods: &[]awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_GET, awsapigatewayv2.HttpMethod_POST},
		Path:    jsii.String("/events"),
	})
	return stack
}

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	newScheduleMeshStack(app, "ScheduleMesh", "mesh.example.com")
	app.Synth(nil)
}
