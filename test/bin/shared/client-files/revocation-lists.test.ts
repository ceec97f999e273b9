import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  heldRevocationLists,
  nextUpdateIn,
  UnusableListsError,
  verifyRevocationLists,
} from '../../../../bin/shared/client-files/revocation-lists';
import { type Authority, createRoot, createSubordinate } from '../../../pki/authorities';
import { createRevocationList, type ListOptions } from '../../../pki/revocation-lists';

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
  const numbered = async (ofIssuing: ListOptions, ofRoot: ListOptions) =>
    (await createRevocationList(issuing, ofIssuing)) + (await createRevocationList(root, ofRoot));

  test('the newest list of each authority is taken, whichever text it is in', async () => {
    const before = await numbered({ number: 5n }, { number: 5n });
    expect(verify(before, before)).toMatchObject({ pem: before, warnings: [] });
    const ofIssuing = await createRevocationList(issuing, { number: 6n });
    const ofRoot = await createRevocationList(root, { number: 5n });
    const older = await createRevocationList(root, { number: 4n });
    // A root has signed lists for several authorities, and the one with the newest has left.
    expect(verify(ofIssuing + older, ofIssuing + ofRoot)).toMatchObject({ pem: ofIssuing + ofRoot, warnings: [] });
  });

  test('an older list without a revocation is reported', async () => {
    const before = await numbered({ number: 5n, revoked: ['0A', '0B'] }, { number: 5n });
    const { pem, nextUpdate, warnings } = verify(
      await numbered({ number: 4n, revoked: ['0A'] }, { number: 5n }),
      before,
    );
    const stays = `the one before stays, which is valid until ${nextUpdate.toISOString()}`;
    expect(pem.startsWith(before.slice(0, before.indexOf('-----END')))).toBe(true);
    expect(warnings).toEqual([`O=Example, CN=Issuing has an older list without some revocations: ${stays}`]);
  });

  test('a list that is left out is reported, until the authority has left', async () => {
    const before = await numbered({ number: 5n }, { number: 5n });
    const ofRoot = await createRevocationList(root, { number: 6n });
    const { pem, warnings } = verify(ofRoot, before);
    expect(pem).toBe(before.slice(0, before.lastIndexOf('-----BEGIN')) + ofRoot);
    expect(warnings).toEqual([
      expect.stringMatching(/^O=Example, CN=Issuing has no list any more: the one before stays/),
    ]);
    expect(verify(ofRoot, before, root.pem)).toMatchObject({ pem: ofRoot, warnings: [] });
  });

  test.each([
    ['garbage', async () => 'garbage'],
    ['a list of somebody else with a high number', () => createRevocationList(impostor, { number: 99n })],
  ])('%s in the file of before holds nothing up', async (_name, before) => {
    const published = await numbered({}, {});
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
      warnings: ['O=Example, CN=Issuing has no list: servers that use the lists refuse its clients'],
    });
  });

  test('if a list should have been replaced', async () => {
    const nextUpdate = new Date(Math.floor(Date.now() / 1000 - 60) * 1000);
    const expired = await createRevocationList(issuing, { thisUpdate: new Date(0), nextUpdate });
    const ofRoot = await createRevocationList(root);
    const reason = `O=Example, CN=Issuing has a list that was valid until ${nextUpdate.toISOString()}`;
    expect(verify(expired + ofRoot)).toEqual({
      pem: expired + ofRoot,
      nextUpdate,
      warnings: [`${reason}: servers that use the lists refuse its clients`],
    });
  });
});

test('lists that are there and can not be read are an error, because an older list could take their place', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lists-'));
  try {
    mkdirSync(join(directory, 'crl.pem'));
    await expect(heldRevocationLists(directory)).rejects.toThrow('EISDIR');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
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
