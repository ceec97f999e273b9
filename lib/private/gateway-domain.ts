/** What synthesis can tell of the certificates and the zone of a gateway's domain, whatever copy of the CDK created them. */
import { Arn, ArnFormat, Stack, Token } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { IConstruct } from 'constructs';
import { isResource } from './api-references';
import { refuse } from './validation';

/** Throws for a certificate of another Region. A regional domain takes certificates of its own Region only. */
export function checkCertificateRegion(
  gateway: IConstruct,
  property: string,
  certificate: acm.ICertificate | undefined,
): void {
  if (!certificate) return;
  const { region } = Stack.of(gateway);
  const found = regionOf(certificate);
  if (Token.isUnresolved(region) || Token.isUnresolved(found) || found === region) return;
  refuse(gateway, property, `must be in the Region of the gateway (${region})`, `${certificate.node.path} in ${found}`);
}

function regionOf(certificate: acm.ICertificate): string | undefined {
  const { certificateArn } = certificate;
  if (Token.isUnresolved(certificateArn)) return Stack.of(certificate).region;
  return Arn.split(certificateArn, ArnFormat.SLASH_RESOURCE_NAME).region;
}

/** Whether the app creates the certificate, from an authority of ACM PCA. */
export function isPrivateCertificate(certificate: acm.ICertificate | undefined): boolean {
  const resource = certificate?.node.defaultChild;
  return isResource(resource, acm.CfnCertificate) && resource.certificateAuthorityArn !== undefined;
}

/** Whether the app creates the zone, for VPCs. */
export function isPrivateZone(zone: route53.IHostedZone): boolean {
  const resource = zone.node.defaultChild;
  if (!isResource(resource, route53.CfnHostedZone)) return false;
  const vpcs: unknown = Stack.of(zone).resolve(resource.vpcs);
  return Array.isArray(vpcs) && vpcs.length > 0;
}
