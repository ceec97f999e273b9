import { X509Certificate } from 'node:crypto';
import { Authorizer } from '../../lambda/authorizer/authorizer';
import { ClientCertificateReader } from '../../lambda/authorizer/client-certificate-reader';
import { CommonGrants } from '../../lambda/authorizer/common-grants';
import { DenialError } from '../../lambda/authorizer/denial';
import { ExternalCallers } from '../../lambda/authorizer/external-callers';
import { httpApiRequest, restApiRequest } from '../../lambda/authorizer/gateway-request';
import { IssuedCallers } from '../../lambda/authorizer/issued-callers';
import { answerCertificateRequest } from '../../lambda/certificate-issuer/request/http';
import { readRevocationOrder } from '../../lambda/certificate-issuer/revoke/revocation-order';
import { RotationError, readRotationRequest } from '../../lambda/certificate-issuer/rotate/rotation';
import { PropertyError } from '../../lambda/custom-resource/properties';
import { CustomResourceEventError, readRequest } from '../../lambda/custom-resource/request';
import { API_GATEWAY_LIMITS } from '../../lambda/truststore-publisher/truststore-resource';
import { ClientSecretError, parseClientSecret } from '../../mesh/client-secret';
import { identitiesOf } from '../../pki/certificate-identity';
import { CertificateSigningRequestError, readCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { encodePem, PemError, readCertificates, readPemBlocks } from '../../pki/pem';
import { RevocationListError, readRevocationList } from '../../pki/revocation-list-reader';
import { weaknessOf } from '../../pki/strength';
import { TruststoreError, truststoreBundle } from '../../pki/truststore';
import * as sandboxRequests from '../../sandbox/x509/certificate-signing-request';
import * as sandboxPem from '../../sandbox/x509/pem';
import type { Corpus } from './corpus';
import { mutateOctets, mutateText } from './mutations';
import type { Random } from './random';

/** A reader of input from outside. */
export interface Target {
  readonly name: string;
  create(random: Random): string;
  /** Reads the input. Throws what the reader throws. */
  read(input: string): unknown;
  /** The errors that the reader documents. */
  readonly documented: readonly (new (
    ...parameters: never[]
  ) => Error)[];
}

const TRUST_DOMAIN = 'mesh.example.com';
const NOW = new Date();

/** An authorizer that knows nobody, so it must let nobody in. */
function strangersAuthorizer(): Authorizer {
  const registry = {
    findIssued: async () => ({ client: undefined, certificate: undefined, grants: [] }),
    findIdentities: async () => [],
    findExternalClient: async () => ({ client: undefined, grants: [] }),
    findGrantsOfAllClients: async () => [],
  };
  const memory = {
    times: { revocationDelay: 0, outageTolerance: 0 },
    now: () => NOW,
    onUnavailable: () => undefined,
  };
  return new Authorizer({
    certificates: new ClientCertificateReader(TRUST_DOMAIN, 8),
    issuedCallers: new IssuedCallers(registry, memory),
    externalCallers: new ExternalCallers(TRUST_DOMAIN, registry, memory),
    commonGrants: new CommonGrants(registry, memory),
    log: () => undefined,
    metrics: { putByReason: () => undefined },
  });
}

const PATHS = ['/schedule/events', '/a/%2e%2e/b', '/a%252f..;x/b', '/%E2%80%AE/..', '//', '/a?b#c', '/{proxy+}'];
const EVENT = (path: string, clientCertPem: string) =>
  JSON.stringify({
    routeKey: 'ANY /{proxy+}',
    rawPath: path,
    headers: { host: 'mesh.example.com', 'X-Mesh-Client_Name': 'mail', accept: '*/*' },
    pathParameters: { proxy: path },
    requestContext: { http: { method: 'GET', path }, authentication: { clientCert: { clientCertPem } } },
  });

const REQUEST_EVENT = JSON.stringify({
  requestContext: {
    http: { method: 'POST' },
    authorizer: { iam: { userArn: 'arn:aws:sts::111122223333:assumed-role/Mail/1' } },
  },
  isBase64Encoded: false,
  body: JSON.stringify({ clientName: 'mail', certificateSigningRequest: '-----BEGIN CERTIFICATE REQUEST-----' }),
});
const RESOURCE_EVENT = JSON.stringify({
  RequestType: 'Create',
  RequestId: '2f5b8a1e-6c3d-4e7f-9a0b-1c2d3e4f5a6b',
  ResponseURL: 'https://example.com/answer?X-Amz-Signature=x',
  StackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/mesh/11111111-2222-3333-4444-555555555555',
  LogicalResourceId: 'Mail',
  ResourceProperties: { ClientName: 'mail', DnsNames: ['a.example.com'] },
});
const ROTATION_EVENT = JSON.stringify({
  Step: 'createSecret',
  SecretId: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:mesh.example.com/mail-AbCdEf',
  ClientRequestToken: '7a6b5c4d-1111-4222-8333-944455556666',
});
const REVOCATION_EVENT = JSON.stringify({
  clientName: 'mail',
  fingerprints: [Array(32).fill('AA').join(':')],
  reason: 'KEY_COMPROMISE',
  by: 'operator',
});

/** JSON of a mutated text; of the text itself, as a string, if that is no longer JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function derIn(pem: string): Buffer {
  return readPemBlocks(pem)[0]?.der ?? Buffer.of();
}

function verifies(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (error instanceof RevocationListError) return false;
    throw error;
  }
}

export function createTargets({
  certificates,
  signingRequests,
  revocationLists,
  listIssuer,
}: Corpus): readonly Target[] {
  const pemOf = (label: string, inputs: readonly Buffer[]) => (random: Random) => {
    const pem = encodePem(label, mutateOctets(random.of(inputs), random));
    return random.fraction() < 0.3 ? mutateText(pem, random) : pem;
  };
  const certificatePem = pemOf('CERTIFICATE', certificates);
  const requestPem = pemOf('CERTIFICATE REQUEST', signingRequests);
  const listPem = pemOf('X509 CRL', revocationLists);
  const issuer = new X509Certificate(listIssuer);
  const mutatedJson = (json: string) => (random: Random) => mutateText(json, random);
  const authorizer = strangersAuthorizer();
  const reader = new ClientCertificateReader(TRUST_DOMAIN, 8);

  return [
    {
      name: 'certificates in PEM',
      create: certificatePem,
      read(input) {
        for (const certificate of readCertificates(input)) {
          identitiesOf(certificate);
          weaknessOf(certificate);
          // What is read is what OpenSSL reads of the same octets.
          if (new X509Certificate(certificate.raw).fingerprint256 !== certificate.fingerprint256) {
            throw new TypeError('the certificate changed');
          }
        }
      },
      documented: [PemError],
    },
    {
      name: 'certificates in PEM, by the sandbox',
      create: certificatePem,
      read: sandboxPem.readCertificates,
      documented: [sandboxPem.PemError],
    },
    {
      name: 'client certificates, by the authorizer',
      create: certificatePem,
      read: (input) => reader.readCaller(input),
      documented: [DenialError, PemError],
    },
    {
      name: 'requests, by the authorizer',
      create: (random) => {
        const certificate =
          random.fraction() < 0.5 ? encodePem('CERTIFICATE', random.of(certificates)) : certificatePem(random);
        return mutateText(EVENT(mutateText(random.of(PATHS), random), certificate), random);
      },
      async read(input) {
        const event = Object(parsed(input));
        for (const request of [httpApiRequest, restApiRequest]) {
          const caller = await authorizer.decide(() => request(event));
          if (caller !== undefined) throw new TypeError('a stranger was let in');
        }
      },
      documented: [],
    },
    {
      name: 'truststores',
      create: (random) => certificatePem(random) + encodePem('CERTIFICATE', random.of(certificates)),
      read: (input) => truststoreBundle([input], NOW, API_GATEWAY_LIMITS),
      documented: [TruststoreError],
    },
    {
      name: 'signing requests',
      create: requestPem,
      read: readCertificateSigningRequest,
      documented: [CertificateSigningRequestError],
    },
    {
      name: 'signing requests, by the sandbox',
      create: requestPem,
      read: sandboxRequests.readCertificateSigningRequest,
      documented: [sandboxRequests.CertificateSigningRequestError],
    },
    {
      name: 'revocation lists',
      create: listPem,
      read(input) {
        const list = readRevocationList(input);
        const isUnchanged = revocationLists.some((one) => one.equals(derIn(input)));
        if (isUnchanged) list.verify(issuer);
        else if (verifies(() => list.verify(issuer))) throw new TypeError('the signature covers not all of the list');
      },
      documented: [RevocationListError],
    },
    {
      name: 'certificate requests at the URL',
      create: mutatedJson(REQUEST_EVENT),
      async read(input) {
        const never = () => Promise.reject(new Error('not reached'));
        const { statusCode = 0 } = await answerCertificateRequest(Object(parsed(input)), never, () => undefined);
        if (![400, 403, 405, 409, 413, 500].includes(statusCode)) throw new TypeError(`the status is ${statusCode}`);
      },
      documented: [],
    },
    {
      name: 'events of CloudFormation',
      create: mutatedJson(RESOURCE_EVENT),
      read: (input) => readRequest(parsed(input)),
      documented: [CustomResourceEventError],
    },
    {
      name: 'events of Secrets Manager',
      create: mutatedJson(ROTATION_EVENT),
      read: (input) => readRotationRequest(Object(parsed(input))),
      documented: [RotationError],
    },
    {
      name: 'orders of operators',
      create: mutatedJson(REVOCATION_EVENT),
      read: (input) => readRevocationOrder(parsed(input)),
      documented: [PropertyError],
    },
    {
      name: 'secrets',
      create: (random) => {
        const pem = certificatePem(random);
        return mutateText(
          JSON.stringify({ certificate: pem, certificateChain: pem, privateKey: 'x', spiffeId: 'y' }),
          random,
        );
      },
      read: parseClientSecret,
      documented: [ClientSecretError],
    },
  ];
}
