import { scheduler } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { LoggedMetrics, logLine } from '../../aws/cloudwatch';
import { ConditionalObjects } from '../../aws/conditional-objects';
import { functionConnection } from '../../aws/connection';
import { Kms } from '../../aws/kms';
import type { Pause } from '../../aws/retry';
import { ObjectPublisher } from '../../aws/s3';
import { ParameterStore } from '../../aws/ssm';
import { RegistrySurvey } from '../../registry/survey';
import { handleCustomResource } from '../custom-resource/custom-resource';
import { withDeadline } from '../deadline';
import { registryTableIn, revocationListsIn, stacksIn, trustDomainIn } from '../environment';
import { AuthorityStore } from '../kms-authority/authority-store';
import { AuthorityLists } from './authority-list';
import { reportedRevocationIn } from './reported-revocation';
import { RevocationLists } from './revocation-lists';
import { RevocationListsResource } from './revocation-lists-resource';
import { RevokedCertificates } from './revoked-certificates';

/** The part of the function's time that is reserved for the log of a failure. Milliseconds. */
const REPORT_TIME = 2_000;

const now = () => new Date();
// The sandbox lets this time pass at once.
const pause: Pause = (milliseconds, signal) => scheduler.wait(milliseconds, { signal });
const log = logLine;
const trustDomain = trustDomainIn(process.env);
const settings = revocationListsIn(process.env);
const connection = functionConnection(process.env);
const stacks = stacksIn(process.env);

const lists = new RevocationLists({
  authorities: settings.authorities,
  bucket: settings.bucket,
  lists: new AuthorityLists({
    validityHours: settings.validityHours,
    revoked: new RevokedCertificates({ survey: new RegistrySurvey(registryTableIn(process.env), connection), log }),
    authorityStore: new AuthorityStore(new ParameterStore(connection)),
    kms: new Kms(connection),
    now,
  }),
  objects: new ConditionalObjects({ connection }),
  metrics: new LoggedMetrics({ trustDomain, now, log }),
  pause,
  now,
  log,
});
const resource = new RevocationListsResource({
  bucket: settings.bucket,
  lists,
  publisher: new ObjectPublisher({ connection }),
  pause,
  log,
});

/** Custom resources, the hourly schedule, and the mesh's events of revocations. */
export const handler = (event: unknown, context: Context): Promise<void> => {
  if (isCustomResource(event)) return handleCustomResource(resource, event, { invocation: context, stacks, log });
  const time = Math.max(context.getRemainingTimeInMillis() - REPORT_TIME, 0);
  return withDeadline(time, (signal) => lists.publish(reportedRevocationIn(event), signal));
};

function isCustomResource(event: unknown): boolean {
  return 'ResponseURL' in Object(event);
}
