import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { DOMAIN_TRUSTSTORE_RESOURCE_TYPE } from '../../mesh/contract';
import { Announcer } from '../../registry/audit';
import { ApiGateway } from '../../aws/api-gateway';
import { CLIENT_SETTINGS } from '../../aws/sdk-settings';
import { CloudFormation } from '../../aws/cloudformation';
import { DefaultEventBus } from '../../aws/eventbridge';
import { RegistryTable } from '../../registry/registry';
import { S3 } from '../../aws/s3';
import { S3ObjectReader } from '../../aws/s3-object-reader';
import { handleCustomResource } from '../custom-resource/custom-resource';
import { registryTableOf, trustDomainOf } from '../environment';
import { logLine } from '../log';
import { Departure } from './removal-guard';
import { DomainTruststore } from './domain-truststore-resource';
import { Truststore } from './truststore-resource';

/** Of the function's three minutes. */
const PATIENCE_MS = 145_000;

const now = () => new Date();
const store = new S3(new S3Client(CLIENT_SETTINGS));
const registry = new RegistryTable(registryTableOf(process.env), process.env);
const announcer = new Announcer(new DefaultEventBus(process.env), trustDomainOf(process.env), logLine);
const objects = new S3ObjectReader(process.env);

const stacks = new CloudFormation(process.env);
const departure = new Departure(registry, stacks, now, logLine);
const truststore = new Truststore(store, objects, departure, stacks, announcer, now, logLine);
const domainTruststore = new DomainTruststore(new ApiGateway(process.env), PATIENCE_MS, logLine);

export const handler = (event: unknown, context: Context): Promise<void> =>
  handleCustomResource(isOfDomain(event) ? domainTruststore : truststore, event, context, logLine);

function isOfDomain(event: unknown): boolean {
  const { ResourceType } = Object(event) as { readonly ResourceType?: unknown };
  return ResourceType === DOMAIN_TRUSTSTORE_RESOURCE_TYPE;
}
