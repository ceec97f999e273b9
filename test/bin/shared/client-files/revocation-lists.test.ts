import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  heldRevocationLists,
  nextUpdateIn,
  UnusableListsError,
  verifyRevocationLists,
} from '../../../../bin/shared/client-files/revocation-lists';
import { type Authority, createRoot, createSubordinate } from '../../../pki/authorities';
import { createRevocationList } from '../../../pki/revocation-lists';

const MINUTE = 60_000;

let root: Authority;
let issuing: Authority;
/** With the name of the root, and another key. */
let impostor: Authority;

beforeAll(async () => {
  [root, impostor] = await Promise.all([createRoot('Root'), createRoot('Root')]);
  issuing = await createSubordinate(root, 'Issuing');
});

const verify = (pem: string, before?: string, clientAuthorities = issuing.pem + root.pem) =>
  verifyRevocationLists(pem, { clientAuthorities, before, now: new Date() });

test('are those of the authorities, in their order, without anything else', async () => {
  const [ofRoot, ofIssuing, ofOther] = await Promise.all(
    [root, issuing, impostor].map((one) => createRevocationList(one)),
  );
  const { pem, warnings } = verify(`# published\n${ofRoot}${ofOther}${ofIssuing}`);
  expect([pem, warnings]).toEqual([`${ofIssuing}${ofRoot}`, []]);
});

test('are the newest ones, and valid until the first of them is not', async () => {
  const nextUpdate = new Date(Math.ceil(Date.now() / 1000 + 60) * 1000);
  const newest = await createRevocationList(issuing, { number: 3n, revoked: ['0A'] });
  const older = await createRevocationList(issuing, { number: 2n });
  const ofRoot = await createRevocationList(root, { nextUpdate });
  const verified = verify(older + newest + ofRoot);
  expect(verified).toEqual({ pem: newest + ofRoot, nextUpdate, warnings: [] });
  expect(nextUpdateIn(verified.pem)).toEqual(nextUpdate);
});

describe('never take the place of newer ones', () => {
  const numbered = async (ofIssuing: bigint, ofRoot: bigint) =>
    (await createRevocationList(issuing, { number: ofIssuing })) +
    (await createRevocationList(root, { number: ofRoot }));

  test.each([
    [
      'an older list',
      4n,
      5n,
      'the list of O=Example, CN=Issuing is an older one: number 4, before number 5 of crl.pem',
    ],
    ['an older list of another authority', 5n, 4n, 'the list of O=Example, CN=Root is an older one'],
  ])('%s is refused', async (_name, ofIssuing, ofRoot, reason) => {
    const before = await numbered(5n, 5n);
    const published = await numbered(ofIssuing, ofRoot);
    expect(() => verify(published, before)).toThrow(`the revocation lists can't be used: ${reason}`);
  });

  test('the same and later lists are taken', async () => {
    const before = await numbered(5n, 5n);
    expect(verify(before, before).pem).toBe(before);
    const after = await numbered(6n, 5n);
    expect(verify(after, before).pem).toBe(after);
  });

  test('a list that is left out is refused', async () => {
    const before = await numbered(5n, 5n);
    const published = await createRevocationList(root, { number: 6n });
    expect(() => verify(published, before)).toThrow('the list of O=Example, CN=Issuing is missing');
    // After the authority has left.
    expect(verify(published, before, root.pem).pem).toBe(published);
  });

  test.each([
    ['garbage', async () => 'garbage'],
    ['a list of somebody else with a high number', () => createRevocationList(impostor, { number: 99n })],
  ])('%s in the file of before holds nothing up', async (_name, before) => {
    const published = await numbered(1n, 1n);
    expect(verify(published, await before()).pem).toBe(published);
  });
});

describe('are refused', () => {
  test('if another key has signed for the authority', async () => {
    const { certificate } = issuing;
    const forged = { ...impostor, certificate: impostor.certificate };
    const ofRoot = await createRevocationList(root);
    // The list of the impostor has another key identifier, so it counts as that of another authority.
    expect(verify((await createRevocationList(forged)) + ofRoot).warnings).toHaveLength(1);
    const list = await createRevocationList(issuing);
    const bytes = Buffer.from(list.split('\n').slice(1, -2).join(''), 'base64');
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    const broken = `-----BEGIN X509 CRL-----\n${bytes.toString('base64')}\n-----END X509 CRL-----\n`;
    expect(() => verify(broken + ofRoot)).toThrow(`${certificate.subject.replace('\n', ', ')} has not signed the list`);
  });

  test('before they are valid, because servers would refuse all clients', async () => {
    const list = await createRevocationList(issuing, { thisUpdate: new Date(Date.now() + MINUTE) });
    expect(() => verify(list)).toThrow(/CN=Issuing is valid from \S+Z, and the clock of this machine says \S+Z$/);
  });

  test.each([
    ['text', async () => 'hello', 'PEM blocks "X509 CRL", and no others'],
    ['nothing', async () => '', 'PEM blocks "X509 CRL", and no others'],
    ['certificates', async () => root.pem, 'PEM blocks "X509 CRL", and no others'],
    ['half a list', async () => (await createRevocationList(root)).slice(0, 200), 'the list is not PEM'],
    ['lists of others', () => createRevocationList(impostor), 'there is no list of O=Example, CN=Issuing, or of O=E'],
  ])('if the object contains %s', async (_name, published, reason) => {
    const pem = await published();
    expect(() => verify(pem)).toThrow(reason);
    expect(() => verify(pem)).toThrow(UnusableListsError);
  });
});

describe('warn, with the name of the authority', () => {
  test('if an authority has no list', async () => {
    const ofRoot = await createRevocationList(root);
    expect(verify(ofRoot)).toMatchObject({
      pem: ofRoot,
      warnings: ['there is no list of O=Example, CN=Issuing: servers that use the lists refuse its clients'],
    });
  });

  test('if a list should have been replaced', async () => {
    const nextUpdate = new Date(Math.floor(Date.now() / 1000 - 60) * 1000);
    const expired = await createRevocationList(issuing, { thisUpdate: new Date(0), nextUpdate });
    const ofRoot = await createRevocationList(root);
    const reason = `the list of O=Example, CN=Issuing was valid until ${nextUpdate.toISOString()}`;
    expect(verify(expired + ofRoot)).toEqual({
      pem: expired + ofRoot,
      nextUpdate,
      warnings: [`${reason}: servers that use the lists refuse its clients`],
    });
  });
});

test('the lists of a directory are none if there is no file, or nothing in it can be read', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lists-'));
  try {
    expect(await heldRevocationLists(directory)).toBeUndefined();
    expect(nextUpdateIn(undefined)).toBeUndefined();
    writeFileSync(join(directory, 'crl.pem'), 'garbage');
    expect(nextUpdateIn(await heldRevocationLists(directory))).toBeUndefined();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
