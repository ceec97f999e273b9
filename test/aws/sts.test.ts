import { assumedRole } from '../../aws/assumed-role';
import { AwsCallError } from '../../aws/aws-error';
import { Sts } from '../../aws/sts';
import { type Reply, ServiceEndpoint } from './service-endpoint';

const ROLE = 'arn:aws:iam::444455556666:role/mtls-mesh';
const signal = new AbortController().signal;

const answer = (credentials: string): Reply => ({
  body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
    <AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/mtls-mesh/test</Arn></AssumedRoleUser>
    <Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
});
const CREDENTIALS =
  '<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>' +
  '<SessionToken>token</SessionToken><Expiration>2026-11-28T07:00:00Z</Expiration>';

describe('AWS STS', () => {
  let endpoint: ServiceEndpoint;
  let sts: Sts;
  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    sts = new Sts({
      signer: async () => ({ region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'x' }),
      endpoint: () => endpoint.url,
    });
  });
  afterEach(() => endpoint.close());

  test('gives credentials of a role', async () => {
    endpoint.replies.push(answer(CREDENTIALS));

    await expect(sts.assumeRole(ROLE, 'issuer', signal)).resolves.toEqual({
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: 'secret',
      sessionToken: 'token',
      expiration: new Date('2026-11-28T07:00:00Z'),
    });
    expect(Object.fromEntries(new URLSearchParams(endpoint.calls[0]?.body))).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: ROLE,
      RoleSessionName: 'issuer',
    });
  });

  test.each(['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'])(
    'an answer without %s is none',
    async (name) => {
      const incomplete = answer(CREDENTIALS.replace(new RegExp(`<${name}>.*</${name}>`), ''));
      endpoint.replies.push(incomplete, incomplete);

      await expect(sts.assumeRole(ROLE, 'issuer', signal)).rejects.toThrow('sts:AssumeRole failed');
    },
  );
});

describe('the role of another account', () => {
  const denied = new AwsCallError('sts:AssumeRole', 'AccessDenied', 'User is not authorized');
  const credentials = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't', expiration: new Date() };

  test('gives its credentials', async () => {
    await expect(assumedRole({ assumeRole: async () => credentials }, ROLE, 'issuer')()).resolves.toBe(credentials);
  });

  test('fails with what to do if nobody allows it', async () => {
    const assumeRole = () => Promise.reject(denied);
    await expect(assumedRole({ assumeRole }, ROLE, 'issuer')()).rejects.toThrow(
      'sts:AssumeRole failed with AccessDenied: User is not authorized (deploy the role with addSecretsRole in that account, and allowStack for that account in the mesh)',
    );
  });

  test('fails with any other reason as it is', async () => {
    const assumeRole = () => Promise.reject(new AwsCallError('sts:AssumeRole', 'RegionDisabledException', 'no'));
    await expect(assumedRole({ assumeRole }, ROLE, 'issuer')()).rejects.toThrow(/RegionDisabledException: no$/);
  });
});
