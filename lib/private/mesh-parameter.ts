import { CfnOutput, Fn, Stack } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { MESH_PARAMETER_FIELDS } from '../../mesh/contract';
import { meshParameterName, trustDomainProblem } from '../../mesh/names';
import type { SigningAlgorithm } from '../algorithms';
import type { MtlsServiceMeshAttributes } from '../mesh-attributes';
import { checkKnownText } from './validation';

/** The attributes in the SSM parameter of a mesh, which CloudFormation reads when the stack is deployed. */
export function attributesByName(scope: Construct, trustDomain: string): MtlsServiceMeshAttributes {
  checkKnownText(scope, 'trustDomain', trustDomain, trustDomainProblem);
  const fields = Fn.split(',', ssm.StringParameter.valueForStringParameter(scope, meshParameterName(trustDomain)));
  const field = (name: (typeof MESH_PARAMETER_FIELDS)[number]) =>
    Fn.select(MESH_PARAMETER_FIELDS.indexOf(name), fields);
  return {
    trustDomain,
    domainName: field('domainName'),
    apiId: field('apiId'),
    authorizerId: field('authorizerId'),
    deploymentFunctionArn: field('deploymentFunctionArn'),
    rotationFunctionArn: field('rotationFunctionArn'),
    requestFunctionArn: field('requestFunctionArn'),
    requestUrl: field('requestUrl'),
    certificateAuthorityArn: field('certificateAuthorityArn'),
    signingAlgorithm: field('signingAlgorithm') as SigningAlgorithm,
  };
}

/**
 * Adds an output with the attributes of a mesh, as JSON. Another account can't read the parameter.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-shared-parameters.html
 */
export function addMeshOutput(scope: Construct, attributes: MtlsServiceMeshAttributes): void {
  new CfnOutput(scope, 'AttributesForOtherAccounts', {
    description: `What stacks of other accounts need to know of the mesh ${attributes.trustDomain}`,
    value: Stack.of(scope).toJsonString(attributes),
  });
}

/** Adds the SSM parameter of a mesh. */
export function addMeshParameter(scope: Construct, { trustDomain, ...attributes }: MtlsServiceMeshAttributes): void {
  new ssm.StringParameter(scope, 'Parameter', {
    parameterName: meshParameterName(trustDomain),
    description: `What other stacks need to know of the mesh ${trustDomain}`,
    stringValue: Fn.join(
      ',',
      MESH_PARAMETER_FIELDS.map((name) => attributes[name]),
    ),
  });
}
