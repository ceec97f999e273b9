import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import type { Context } from 'aws-lambda';
import { AcmPca } from '../../aws/acm-pca';
import { logLine } from '../../aws/cloudwatch';
import { functionConnection } from '../../aws/connection';
import { Kms } from '../../aws/kms';
import { FUNCTION_SDK_SETTINGS } from '../../aws/sdk';
import { ParameterStore } from '../../aws/ssm';
import { handleCustomResource } from '../custom-resource/custom-resource';
import { withDeadline } from '../deadline';
import { authorityOrdersIn, stacksIn } from '../environment';
import { AuthorityStore } from '../kms-authority/authority-store';
import { CertificateAuthorityResource } from './certificate-authority-resource';

const log = logLine;
const connection = functionConnection(process.env);
const stacks = stacksIn(process.env);
const resource = new CertificateAuthorityResource({
  orders: authorityOrdersIn(process.env),
  kms: new Kms(connection),
  acmPca: new AcmPca(new ACMPCAClient(FUNCTION_SDK_SETTINGS)),
  store: new AuthorityStore(new ParameterStore(connection)),
  now: () => new Date(),
  log,
});

/** Custom resources. Any other event, such as `{}` from an operator, makes what is missing. */
export const handler = (event: unknown, invocation: Context): Promise<void> => {
  if ('ResponseURL' in Object(event)) return handleCustomResource(resource, event, { invocation, stacks, log });
  const { awsRequestId } = invocation;
  return withDeadline(invocation.getRemainingTimeInMillis(), (signal) => resource.makeAll(awsRequestId, signal));
};
