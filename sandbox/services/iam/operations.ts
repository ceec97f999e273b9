import { type Account, globalArn } from '../../account';
import { type AwsCall, AwsError } from '../../endpoint/api';
import type { QueryApiOptions, QueryInput } from '../../endpoint/query-protocol';
import type { XmlElements } from '../../endpoint/xml';
import { page } from '../shared/paging';
import type { Role, Roles } from './state';

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html */
const PAGE_SIZE = 100;

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html */
export function iamOperations(account: Account, roles: Roles): QueryApiOptions['operations'] {
  function authorizedRole(action: string, { RoleName = '' }: QueryInput, call: AwsCall): Role {
    call.authorize(`iam:${action}`, roles.find(RoleName)?.arn ?? globalArn(account, 'iam', `role/${RoleName}`));
    return roles.get(RoleName);
  }

  function listRoles({ PathPrefix = '/', ...input }: QueryInput, call: AwsCall): XmlElements {
    call.authorize('iam:ListRoles', globalArn(account, 'iam', `role${PathPrefix}`));
    const found = roles.all().filter(({ path }) => path.startsWith(PathPrefix));
    const { items, paging } = pageOf(found, input);
    return { Roles: { member: items.map(describe) }, ...paging };
  }

  function getRole(input: QueryInput, call: AwsCall): XmlElements {
    return { Role: describe(authorizedRole('GetRole', input, call)) };
  }

  function listAttachedRolePolicies(input: QueryInput, call: AwsCall): XmlElements {
    const { managedPolicyArns } = authorizedRole('ListAttachedRolePolicies', input, call);
    const policies = managedPolicyArns.map((arn) => ({ PolicyName: arn.split('/').at(-1), PolicyArn: arn }));
    const { items, paging } = pageOf(policies, input);
    return { AttachedPolicies: { member: items }, ...paging };
  }

  return { GetRole: getRole, ListAttachedRolePolicies: listAttachedRolePolicies, ListRoles: listRoles };
}

function pageOf<T>(all: readonly T[], { Marker, MaxItems = String(PAGE_SIZE) }: QueryInput) {
  if (!/^\d{1,4}$/.test(MaxItems) || Number(MaxItems) === 0) {
    throw new AwsError('ValidationError', 'MaxItems must be a number from 1 to 1000');
  }
  const { items, nextToken } = page(all, Number(MaxItems), Marker);
  return { items, paging: { IsTruncated: nextToken !== undefined, Marker: nextToken } };
}

function describe({ name, arn, roleId, path, createdDate, trustDocument, description }: Role): XmlElements {
  return {
    Path: path,
    RoleName: name,
    RoleId: roleId,
    Arn: arn,
    CreateDate: createdDate,
    AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(trustDocument)),
    Description: description,
    MaxSessionDuration: 3600,
  };
}
