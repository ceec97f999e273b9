import { scheduler } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { ApiGateway } from '../../aws/api-gateway';
import { CloudFormation } from '../../aws/cloudformation';
import { LoggedMetrics, logLine } from '../../aws/cloudwatch';
import { functionConnection } from '../../aws/connection';
import { EventBridge } from '../../aws/eventbridge';
import { ObjectPublisher, ObjectReader } from '../../aws/s3';
import { DOMAIN_TRUSTSTORE_RESOURCE_TYPE } from '../../mesh/custom-resources';
import { Audit } from '../../registry/audit';
import { RegistrySurvey } from '../../registry/survey';
import { handleCustomResource } from '../custom-resource/custom-resource';
import { registryTableIn, stacksIn, trustDomainIn } from '../environment';
import { DomainTruststoreResource } from './domain-truststore-resource';
import { RemovalGuard } from './removal-guard';
import { TruststoreResource } from './truststore-resource';

/** How long to wait for a domain, out of the function's six minutes. Milliseconds. */
const DEADLINE = 145_000;

const now = () => new Date();
const log = logLine;
const trustDomain = trustDomainIn(process.env);
const connection = functionConnection(process.env);
const survey = new RegistrySurvey(registryTableIn(process.env), connection);
const stacks = new CloudFormation(connection);
const mayServe = stacksIn(process.env);
const metrics = new LoggedMetrics({ trustDomain, now, log });

const truststore = new TruststoreResource({
  objects: new ObjectReader({ connection }),
  publisher: new ObjectPublisher({ connection }),
  removalGuard: new RemovalGuard({ survey, stacks, now, log }),
  stacks,
  audit: new Audit({ trustDomain, events: new EventBridge(connection), metrics, log }),
  now,
  log,
});
const domainTruststore = new DomainTruststoreResource({
  domainNames: new ApiGateway(connection),
  deadline: DEADLINE,
  // The sandbox lets this time pass at once.
  pause: (milliseconds, signal) => scheduler.wait(milliseconds, { signal }),
  log,
});

export const handler = (event: unknown, context: Context): Promise<void> =>
  handleCustomResource(isAboutDomain(event) ? domainTruststore : truststore, event, {
    invocation: context,
    stacks: mayServe,
    log,
  });

function isAboutDomain(event: unknown): boolean {
  const { ResourceType } = Object(event) as { readonly ResourceType?: unknown };
  return ResourceType === DOMAIN_TRUSTSTORE_RESOURCE_TYPE;
}
