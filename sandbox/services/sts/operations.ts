import type { Account } from '../../account';
import { AccessDenied, type AwsCall, type ConditionKeys, type PolicyDocument } from '../../endpoint/api';
import type { QueryApiOptions } from '../../endpoint/query-protocol';
import type { IamService } from '../iam';
import { integer, optional, string, structure } from '../shared/shape';

export type StsIdentities = Pick<IamService, 'identityOf' | 'issueCredentials' | 'roleByArn'>;

const SECOND = 1_000;
/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const DEFAULT_DURATION = 3600;
/** The maximum of a role without `MaxSessionDuration`. */
const LONGEST_DURATION = 3600;

const assumeRoleShape = structure({
  RoleArn: string({ min: 20, max: 2048 }),
  RoleSessionName: string({ min: 2, max: 64 }, /^[\w+=,.@-]*$/),
  DurationSeconds: optional(integer({ min: 900, max: LONGEST_DURATION })),
  ExternalId: optional(string({ min: 2, max: 1224 }, /^[\w+=,.@:/-]*$/)),
});

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html */
export function stsOperations({ id }: Account, iam: StsIdentities, now: () => Date): QueryApiOptions['operations'] {
  return {
    /**
     * Requires no permission, and no policy can deny it.
     * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
     */
    GetCallerIdentity(_input, { caller }) {
      const { userArn, userId } = iam.identityOf(caller.principalArn);
      return { Arn: userArn, UserId: userId, Account: id };
    },

    /** The trust policy of the role is its resource policy. Sessions have the name that all sessions here have. */
    AssumeRole(input, call) {
      const { DurationSeconds, ...given } = input;
      const { RoleArn, ExternalId, ...session } = assumeRoleShape(
        { ...given, ...(DurationSeconds !== undefined && { DurationSeconds: Number(DurationSeconds) }) },
        '',
      );
      const role = authorizedRole(RoleArn, ExternalId, call);
      const expiration = new Date(now().getTime() + (session.DurationSeconds ?? DEFAULT_DURATION) * SECOND);
      const { accessKeyId, secretAccessKey } = iam.issueCredentials(role.arn, expiration);
      const { userArn, userId } = iam.identityOf(role.arn);
      return {
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          SessionToken: `session-of-${accessKeyId}`,
          Expiration: expiration,
        },
        AssumedRoleUser: { Arn: userArn, AssumedRoleId: userId },
      };
    },
  };

  /** As on AWS, a caller doesn't learn whether a role exists. */
  function authorizedRole(roleArn: string, externalId: string | undefined, call: AwsCall) {
    const role = iam.roleByArn(roleArn);
    if (role === undefined) {
      const { principalArn } = call.caller;
      throw new AccessDenied(
        `User: ${principalArn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
      );
    }
    const keys: ConditionKeys = externalId === undefined ? {} : { 'sts:ExternalId': externalId };
    call.authorize('sts:AssumeRole', roleArn, keys, withResource(role.trustDocument as PolicyDocument, roleArn));
    return role;
  }
}

/** A trust policy has no resource: it applies to its own role. */
function withResource({ Statement, ...policy }: PolicyDocument, Resource: string): PolicyDocument {
  return { ...policy, Statement: [Statement].flat().map((one) => ({ ...one, Resource })) };
}
