import { createHash } from 'node:crypto';
import { KMSClient, type MessageType, SignCommand, type SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { CertificateAuthority, KeyAlgorithm } from '../../lib';
import { Sandbox } from '../../sandbox';
import { attackedMesh } from './attacked-mesh';
import { attacks, type Shape } from './attacks';
import { type Access, accessOf } from './calls';

let sandbox: Sandbox;

beforeAll(async () => {
  const certificateAuthority = (stack: Stack) => {
    const assumedBy = new iam.ServicePrincipal('ec2.amazonaws.com');
    const administrator = new iam.Role(stack, 'Administrator', { assumedBy, roleName: 'administrator' });
    administrator.addToPolicy(new iam.PolicyStatement({ actions: ['*'], resources: ['*'] }));
    const app = new iam.Role(stack, 'App', { assumedBy, roleName: 'app' });
    app.addToPolicy(new iam.PolicyStatement({ actions: ['kms:Sign', 'kms:GetPublicKey'], resources: ['*'] }));
    // With keys of RSA, KMS signs by several algorithms.
    const options = { keyAlgorithm: KeyAlgorithm.RSA_2048, removalPolicy: RemovalPolicy.DESTROY };
    const signedBy = CertificateAuthority.kmsRoot(stack, 'Root', options);
    return CertificateAuthority.kmsSubordinate(stack, 'Authority', { ...options, signedBy });
  };
  sandbox = await Sandbox.deploy(attackedMesh({ certificateAuthority }));
});
afterAll(() => sandbox?.close());

const KEYS = {
  'the root': '/Root/Key/RSA_2048',
  'the issuing authority': '/Authority/Key/RSA_2048',
} as const;
type KeyName = keyof typeof KEYS;

/** The ends of the paths of the roles that sign, of everybody in the template. */
const SIGNERS: Readonly<Record<KeyName, readonly string[]>> = {
  'the root': ['/Root/Maker/Handler/Role/Resource'],
  'the issuing authority': [
    '/Issuer/Deployment/Role/Resource',
    '/Issuer/Request/Role/Resource',
    '/Issuer/Rotation/Role/Resource',
    '/RevocationLists/Publisher/Role/Resource',
  ],
};

interface Request {
  readonly messageType?: MessageType;
  readonly algorithm?: SigningAlgorithmSpec;
}

/** @returns `signed`, or the name of the error */
async function sign(access: Access, key: KeyName, request: Request = {}): Promise<string> {
  const { messageType = 'DIGEST', algorithm = 'RSASSA_PKCS1_V1_5_SHA_256' } = request;
  const found = Object.values(sandbox.resources).find(({ constructPath }) => constructPath?.endsWith(KEYS[key]));
  const hash = algorithm.endsWith('512') ? 'sha512' : algorithm.endsWith('384') ? 'sha384' : 'sha256';
  const command = new SignCommand({
    KeyId: String(found?.attributes.Arn),
    Message: createHash(hash).update('a certificate of the attacker').digest(),
    MessageType: messageType,
    SigningAlgorithm: algorithm,
  });
  const client = new KMSClient({ ...access, maxAttempts: 1 });
  return client.send(command).then(
    ({ Signature }) => (Signature ? 'signed' : 'nothing'),
    (error: Error) => error.name,
  );
}

const keyNames = Object.keys(KEYS) as KeyName[];

test.each(keyNames)('of all roles, only those that need it sign with the key of %s', async (key) => {
  const roles = Object.values(sandbox.resources).filter(({ type }) => type === 'AWS::IAM::Role');
  const signers: string[] = [];
  const errors = new Set<string>();
  for (const { physicalId, constructPath } of roles) {
    const answer = await sign(accessOf(sandbox, physicalId), key);
    if (answer === 'signed') signers.push(String(constructPath).replace(/^Attacked(\/Mesh)?/, ''));
    else errors.add(answer);
  }
  expect(roles.length).toBeGreaterThan(10);
  expect(signers.sort()).toEqual(SIGNERS[key]);
  expect([...errors]).toEqual(['AccessDeniedException']);
});

attacks<[who: () => Access, key: KeyName]>(
  'signatures with the keys of authorities, by others',
  keyNames.flatMap((key): Shape<[() => Access, KeyName]>[] => [
    [`the administrator of the account with ${key}`, [() => sandboxAccess(sandbox), key]],
    [`a role that may do everything with ${key}`, [() => accessOf(sandbox, 'administrator'), key]],
    [`a role of the app that may sign with every key, with ${key}`, [() => accessOf(sandbox, 'app'), key]],
    [`an operator with ${key}`, [() => accessOf(sandbox, 'operator'), key]],
    [`a client that keeps its own key, with ${key}`, [() => accessOf(sandbox, 'own'), key]],
  ]),
  async ([who, key]) => expect(await sign(who(), key)).toBe('AccessDeniedException'),
);

attacks<[key: KeyName, request: Request]>(
  'signatures of another kind, by those who may sign',
  keyNames.flatMap((key) =>
    [
      { messageType: 'RAW' } as const,
      { algorithm: 'RSASSA_PSS_SHA_256' } as const,
      { algorithm: 'RSASSA_PSS_SHA_384' } as const,
      { algorithm: 'RSASSA_PSS_SHA_512', messageType: 'RAW' } as const,
    ].map((request): Shape<[KeyName, Request]> => [`${JSON.stringify(request)} with ${key}`, [key, request]]),
  ),
  async ([key, request]) => {
    for (const path of SIGNERS[key]) {
      const role = Object.values(sandbox.resources).find(({ constructPath }) => constructPath?.endsWith(path));
      expect(await sign(accessOf(sandbox, String(role?.physicalId)), key, request)).toBe('AccessDeniedException');
    }
  },
);
