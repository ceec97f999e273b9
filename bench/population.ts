import { randomBytes } from 'node:crypto';
import { spiffeId } from '../mesh/names';
import { clientKey, REGISTRY_KEYS, REGISTRY_RETENTION_DAYS, type RegistryCertificate } from '../registry/records';
import type { InProcessCloud } from './in-process-cloud';
import { REGISTRY_TABLE, type SimulatedMesh, TRUST_DOMAIN } from './simulated-mesh';

const HOUR_MS = 3_600_000;

/** The defaults of a client. */
const VALIDITY_HOURS = 168;
export const ROTATION_HOURS = 72;

/** The part of the clients whose rotation has failed for days, so that their certificates expire soon. */
const FAILING = 0.01;

export interface Population {
  readonly clients: number;
  /** Whether clients have `overlap`, so that the hourly run revokes each certificate that a rotation has replaced. */
  readonly hasOverlap: boolean;
  /** Whether the current certificate of each client is revoked. @default false */
  readonly isRevoked?: boolean;
}

/** Fills the registry of a mesh with what it contains after months. */
export async function populate(
  cloud: InProcessCloud,
  mesh: SimulatedMesh,
  { clients, hasOverlap, isRevoked = false }: Population,
): Promise<void> {
  const failing = Math.ceil(clients * FAILING);
  // An expiring certificate is reported once a day.
  const unreported = Math.ceil(failing / 24);
  const replaced = hasOverlap ? Math.ceil(clients / ROTATION_HOURS) : 0;
  const groups = [
    { count: unreported, history: { age: 120 } },
    { count: failing - unreported, history: { age: 120, reportedAgo: 2 } },
    { count: replaced, history: { age: 24, replacedAgo: 0 } },
    { count: clients - failing - replaced, history: { age: 36 } },
  ];
  let named = 0;
  for (const { count, history } of groups) {
    const requests = await recordedClient(cloud, mesh, { ...history, isRevoked });
    for (let i = 0; i < count; i += 1, named += 1) {
      const serialNumber = (named + 1).toString(16).padStart(PROTOTYPE_SERIAL_NUMBER.length, '0');
      const items = JSON.parse(
        requests
          .replaceAll(PROTOTYPE, `client-${named}`)
          .replaceAll(PROTOTYPE_SERIAL_NUMBER, serialNumber)
          .replaceAll(NOT_AFTER, (time) => new Date(Date.parse(time) + named).toISOString()),
      );
      const RequestItems = { [REGISTRY_TABLE]: items };
      await cloud.dynamoDb('BatchWriteItem', { RequestItems });
    }
  }
}

/** The name of a client that the registry records. */
const PROTOTYPE = 'prototype-client';
/** The serial number of its current certificate. */
const PROTOTYPE_SERIAL_NUMBER = randomBytes(16).toString('hex');

/**
 * When a certificate of the prototype expires. It differs by milliseconds from client to client: dynalite tells items of an index
 * with the same sort key apart by 24 bits of a hash, so some of ten thousand would be lost.
 */
const NOT_AFTER = /(?<="notAfter":\{"S":")[^"]+/g;

interface History {
  /** Hours since the current certificate was issued. */
  readonly age: number;
  /** Hours since its expiry was reported. */
  readonly reportedAgo?: number;
  /** Hours since the mesh refuses the certificate before. */
  readonly replacedAgo?: number;
  readonly isRevoked?: boolean;
}

/**
 * Records a client with its current certificate, the one before, and an expired one, and takes it out of the table again.
 * @returns JSON of the requests of BatchWriteItem that put its items
 */
async function recordedClient(
  cloud: InProcessCloud,
  { registry, certificateAuthorityArn }: SimulatedMesh,
  { age, reportedAgo, replacedAgo, isRevoked }: History,
): Promise<string> {
  const { signal } = new AbortController();
  const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();
  const client = { clientName: PROTOTYPE, spiffeId: spiffeId(TRUST_DOMAIN, PROTOTYPE), certificateAuthorityArn };
  const profile = {
    ...client,
    secretId: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${TRUST_DOMAIN}/${PROTOTYPE}-AbCdEf`,
    dnsNames: [],
    keyAlgorithm: 'EC_prime256v1',
    validityHours: VALIDITY_HOURS,
    signingAlgorithm: 'SHA256WITHECDSA',
    declaredBy:
      'arn:aws:cloudformation:eu-central-1:111122223333:stack/Mesh/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d Client',
    updatedAt: ago(age + 2 * ROTATION_HOURS),
    updatedBy: 'deployment',
  } as const;
  const issued = (hours: number, serialNumber = randomBytes(16).toString('hex')): RegistryCertificate => {
    return {
      ...client,
      serialNumber,
      issuer: `CN=${TRUST_DOMAIN}`,
      certificateArn: `${certificateAuthorityArn}/certificate/${serialNumber}`,
      fingerprint: randomBytes(32).toString('hex'),
      notBefore: ago(hours + 1),
      notAfter: ago(hours - VALIDITY_HOURS),
      authoritiesNotAfter: ago(-9 * 365 * 24),
      publicKeyHash: randomBytes(32).toString('hex'),
      secretVersionId: randomBytes(16).toString('hex'),
      status: 'ISSUED',
      issuedAt: ago(hours),
      issuedBy: 'rotation',
      currentSince: ago(hours),
      expiresAt: Math.ceil(Date.parse(ago(hours - VALIDITY_HOURS - REGISTRY_RETENTION_DAYS * 24)) / 1000),
    };
  };

  await registry.registerClient(profile, false, signal);
  const [expired, previous, current] = [
    issued(age + 2 * ROTATION_HOURS),
    issued(age + ROTATION_HOURS),
    issued(age, PROTOTYPE_SERIAL_NUMBER),
  ];
  for (const certificate of [expired, previous, current]) await registry.addCertificate(certificate, signal);
  if (reportedAgo !== undefined) await registry.markExpiryReported(current, ago(reportedAgo), signal);
  if (replacedAgo !== undefined) await registry.markReplaced(previous, ago(replacedAgo), signal);
  if (isRevoked) {
    const mark = { revokedAt: ago(1), revokedBy: 'operator', revocationReason: 'KEY_COMPROMISE' } as const;
    await registry.markRevoked(current, mark, signal);
  }
  return JSON.stringify(await takeItems(cloud));
}

/** Deletes the prototype's items. @returns requests of BatchWriteItem that put them */
async function takeItems(cloud: InProcessCloud): Promise<readonly object[]> {
  const { partitionKey, sortKey } = REGISTRY_KEYS;
  const { Items } = await cloud.dynamoDb('Query', {
    TableName: REGISTRY_TABLE,
    KeyConditionExpression: `${partitionKey} = :client`,
    ExpressionAttributeValues: { ':client': { S: clientKey(PROTOTYPE).partitionKey } },
  });
  const items = Items as readonly Readonly<Record<string, unknown>>[];
  const deletions = items.map((item) => ({
    DeleteRequest: { Key: { [partitionKey]: item[partitionKey], [sortKey]: item[sortKey] } },
  }));
  await cloud.dynamoDb('BatchWriteItem', { RequestItems: { [REGISTRY_TABLE]: deletions } });
  return items.map((Item) => ({ PutRequest: { Item } }));
}
