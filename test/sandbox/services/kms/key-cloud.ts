import { KMSClient } from '@aws-sdk/client-kms';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Properties, Resource, ResourceType } from '../../../../sandbox/cloudformation/resource-type';
import { CallLog } from '../../../../sandbox/endpoint/call-log';
import { Endpoint } from '../../../../sandbox/endpoint/server';
import { Faults } from '../../../../sandbox/faults';
import { IamService } from '../../../../sandbox/services/iam';
import { KmsService } from '../../../../sandbox/services/kms';
import { requestFor, resourceType } from '../resource-request';

export const ROOT = 'arn:aws:iam::123456789012:root';

export interface KeyCloud {
  readonly iam: IamService;
  readonly kms: KmsService;
  readonly clock: Clock;
  readonly keyType: ResourceType;
  createKey(properties?: Properties): Promise<Resource>;
  /** The ARN of a new role with one policy, in which `ROLE` is that ARN. */
  roleWith(...statements: readonly object[]): Promise<string>;
  /** @param principal by default, the operator */
  client(principal?: string): KMSClient;
  close(): Promise<void>;
}

/** KMS and IAM behind an endpoint, with policies that are enforced. */
export async function startKeyCloud(): Promise<KeyCloud> {
  const clock = new Clock();
  const surroundings = { account: SANDBOX_ACCOUNT, clock };
  const iam = new IamService(surroundings);
  const kms = new KmsService(surroundings, iam);
  const endpoint = await Endpoint.listen();
  endpoint.serve({
    accounts: [{ apis: [kms.api], iam }],
    clock,
    faults: new Faults(),
    calls: new CallLog(),
    killProcessOf: async () => undefined,
    receiveCustomResourceResponse: () => false,
  });
  let roles = 0;
  const keyType = resourceType(kms, 'AWS::KMS::Key');
  const trust = policyOf({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' });

  return {
    iam,
    kms,
    clock,
    keyType,
    createKey: (properties = {}) => keyType.create(requestFor(properties)),
    async roleWith(...statements) {
      roles += 1;
      const RoleName = `role-${roles}`;
      const PolicyDocument = policyOf(...naming(`arn:aws:iam::123456789012:role/${RoleName}`, statements));
      const Policies = statements.length === 0 ? [] : [{ PolicyName: 'p', PolicyDocument }];
      const role = await resourceType(iam, 'AWS::IAM::Role').create(
        requestFor({ RoleName, AssumeRolePolicyDocument: trust, Policies }),
      );
      return String(role.attributes.Arn);
    },
    client: (principal = iam.operator) =>
      new KMSClient({
        endpoint: endpoint.url,
        region: 'us-east-1',
        credentials: iam.issueCredentials(principal),
        maxAttempts: 1,
      }),
    close: () => endpoint.close(),
  };
}

/** With the ARN of a role in place of `ROLE`. */
export function naming(role: string, statements: readonly object[]): object[] {
  return JSON.parse(JSON.stringify(statements).replaceAll('ROLE', role));
}

export function policyOf(...statements: readonly object[]): Properties {
  return { Version: '2012-10-17', Statement: statements };
}
