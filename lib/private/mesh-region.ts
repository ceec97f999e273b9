import { Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { ICertificateIssuer } from '../interfaces';
import { refuse } from './validation';

/**
 * Throws if a client or a service is in a stack of another Region than the issuer: CloudFormation invokes the function of a custom
 * resource in its own Region. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
 */
export function checkRegion(construct: IConstruct, issuer: ICertificateIssuer): void {
  const { region } = Stack.of(construct);
  const { region: meshRegion } = Stack.of(issuer);
  if (Token.isUnresolved(region) || Token.isUnresolved(meshRegion) || region === meshRegion) return;
  refuse(
    construct,
    'stack',
    `must be in the Region of the mesh (${meshRegion})`,
    `${Stack.of(construct).node.path} in ${region}`,
  );
}
