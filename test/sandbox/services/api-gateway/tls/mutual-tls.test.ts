import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import type { Clock } from '../../../../../sandbox/clock';
import { ecKey, type Forgery, forge, rsaKey, unknownExtension } from '../../../../pki/forgery';
import { testWith } from '../../../../programs';
import { DOMAIN, domainProperties, GatewayFixture, TRUSTSTORE_URI } from '../gateway-fixture';
import { TestAuthority } from '../test-authority';

const run = promisify(execFile);
const withOpenssl = testWith('openssl');
const withCurl = testWith('curl');
const HOUR = 3_600_000;

let fixture: GatewayFixture;

beforeEach(async () => {
  fixture = await GatewayFixture.start();
  await fixture.createFunctionRoute('$default', () => 'through');
});

afterEach(() => fixture.gateway.close());

test('lets a client through whose certificate an authority of the truststore issued', async () => {
  const answer = await fixture.call('/');
  expect(answer).toMatchObject({ status: 200, body: 'through' });
});

function forgedBy({ certificate, key: privateKey }: TestAuthority, forgery: Partial<Forgery>) {
  const by = {
    certificate: new X509Certificate(certificate),
    privateKey,
    signingAlgorithm: 'SHA256WITHECDSA',
  } as const;
  const forged = forge({ by, ...forgery });
  return { cert: forged.certificate, key: forged.privateKey };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (version) => {
  const call = (client: { cert: string; key: string } | null) =>
    fixture.call('/', { client, minVersion: version, maxVersion: version });

  test('accepts a good certificate', async () => {
    expect((await call(fixture.client)).status).toBe(200);
  });

  test.each([1, 16])('survives a certificate with a negative serial number of %d octets', async (octets) => {
    await call(fixture.authority.clientWithNegativeSerialNumber(octets)).catch((error: Error) => error);
    expect((await call(fixture.client)).status).toBe(200);
  });

  test('refuses a certificate with an unknown extension if that is critical', async () => {
    const client = (critical: boolean) =>
      forgedBy(fixture.authority, { extensions: (usual) => [...usual, unknownExtension(critical)] });
    expect((await call(client(false))).status).toBe(200);
    await expect(call(client(true))).rejects.toThrow();
  });

  test.each<[string, () => Partial<Forgery>]>([
    ['an RSA key of 1,024 bits', () => ({ key: rsaKey(1024) })],
    ['a key on P-224', () => ({ key: ecKey('P-224') })],
    ['a key on secp256k1', () => ({ key: ecKey('secp256k1') })],
    ['a signature with SHA-1', () => ({ weakHash: 'sha1' })],
  ])('refuses %s', async (_, weakness) => {
    await expect(call(forgedBy(fixture.authority, weakness()))).rejects.toThrow();
  });

  test('accepts an RSA key of 2,048 bits', async () => {
    expect((await call(forgedBy(fixture.authority, { key: rsaKey(2048) }))).status).toBe(200);
  });

  test('refuses a client without a certificate', async () => {
    await expect(call(null)).rejects.toThrow();
  });

  test('refuses a certificate of another authority that copies names and SPIFFE ID', async () => {
    const impostor = TestAuthority.root('Test root');
    await expect(call(impostor.client('mail'))).rejects.toThrow();
  });

  test('refuses a certificate of another authority that sends its own root along', async () => {
    const impostor = TestAuthority.root('Test root');
    const { cert, key } = impostor.client('mail');
    await expect(call({ cert: cert + impostor.certificate, key })).rejects.toThrow();
  });

  test('refuses an expired certificate of the right authority', async () => {
    const expired = { notBefore: new Date(Date.now() - 2 * HOUR), notAfter: new Date(Date.now() - HOUR) };
    await expect(call(fixture.authority.client('mail', expired))).rejects.toThrow();
  });

  test('refuses a certificate that is not yet valid', async () => {
    const early = { notBefore: new Date(Date.now() + HOUR), notAfter: new Date(Date.now() + 2 * HOUR) };
    await expect(call(fixture.authority.client('mail', early))).rejects.toThrow();
  });

  test('refuses a self-signed certificate', async () => {
    const { certificate, key } = TestAuthority.root('mail');
    const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString();
    await expect(call({ cert: certificate, key: pem })).rejects.toThrow();
  });

  test("refuses a server's certificate, as OpenSSL does", async () => {
    await expect(call(fixture.authority.server('mail.example.com'))).rejects.toThrow();
  });
});

test('calls no function for a connection that the handshake refused', async () => {
  await expect(fixture.call('/', { client: TestAuthority.root().client() })).rejects.toThrow();
  expect(fixture.events).toEqual([]);
});

test.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (version) => {
  const options = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
  await expect(fixture.call('/', options)).rejects.toThrow();
});

describe('a chain of authorities', () => {
  const trust = async (...authorities: TestAuthority[]) => {
    fixture.truststores.set('v2', authorities.map(({ certificate }) => certificate).join(''));
    await updateTruststore('v2');
    await inEffect();
  };

  test('is accepted when the truststore holds all of it', async () => {
    const subordinate = fixture.authority.subordinate();
    await trust(subordinate, fixture.authority);
    expect((await fixture.call('/', { client: subordinate.client() })).status).toBe(200);
  });

  test('is refused when the truststore lacks the root', async () => {
    const subordinate = fixture.authority.subordinate();
    await trust(subordinate);
    await expect(fixture.call('/', { client: subordinate.client() })).rejects.toThrow();
  });

  test('is refused when the issuing authority comes from the client alone', async () => {
    const subordinate = fixture.authority.subordinate();
    const { cert, key } = subordinate.client();
    await expect(fixture.call('/', { client: { cert: cert + subordinate.certificate, key } })).rejects.toThrow();
  });

  test('is accepted with four authorities and refused with five', async () => {
    const second = fixture.authority.subordinate('second');
    const third = second.subordinate('third');
    const fourth = third.subordinate('fourth');
    const fifth = fourth.subordinate('fifth');
    await trust(fixture.authority, second, third, fourth, fifth);
    expect((await fixture.call('/', { client: fourth.client() })).status).toBe(200);
    await expect(fixture.call('/', { client: fifth.client() })).rejects.toThrow();
  });

  test('is refused when an authority has more below it than it allows', async () => {
    const last = fixture.authority.subordinate('last', 0);
    const beyond = last.subordinate('beyond');
    await trust(fixture.authority, last, beyond);
    expect((await fixture.call('/', { client: last.client() })).status).toBe(200);
    await expect(fixture.call('/', { client: beyond.client() })).rejects.toThrow();
  });
});

describe("the sandbox's clock decides what is valid", () => {
  let clock: Clock;

  beforeEach(() => {
    ({ clock } = fixture.surroundings);
  });

  const inHours = (hours: number) => new Date(clock.now().getTime() + hours * HOUR);
  const between = (from: number, to: number) =>
    fixture.authority.client('mail', { notBefore: inHours(from), notAfter: inHours(to) });

  test('a certificate that has expired by it is refused, however valid it is in real time', async () => {
    expect((await fixture.call('/')).status).toBe(200);
    await clock.advance(2 * HOUR);
    await expect(fixture.call('/')).rejects.toThrow();
  });

  test('a certificate that is valid by it is accepted, though in real time it is not yet', async () => {
    const client = between(10, 20);
    await expect(fixture.call('/', { client })).rejects.toThrow();
    await clock.advance(15 * HOUR);
    expect((await fixture.call('/', { client })).status).toBe(200);
  });

  test('an authority that has expired by it is no longer trusted', async () => {
    const client = between(0, 500 * 24);
    await clock.advance(400 * 24 * HOUR);
    await expect(fixture.call('/', { client })).rejects.toThrow();
  });

  test('nothing else is let through when it is ahead', async () => {
    await clock.advance(15 * HOUR);
    const current = { notBefore: inHours(-1), notAfter: inHours(1) };
    const impostor = TestAuthority.root('Test root').client('mail', current);
    for (const client of [null, impostor, fixture.authority.server('mail.example.com')]) {
      await expect(fixture.call('/', { client })).rejects.toThrow();
    }
    expect(fixture.events).toEqual([]);
  });

  test('a domain that is made when it is ahead has a server certificate that clients accept in real time', async () => {
    await clock.advance(1000 * 24 * HOUR);
    await fixture.createDomain('later.example.com', null);
    const socket = await fixture.handshake({ servername: 'later.example.com' });
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });
});

describe('a truststore', () => {
  test('of another version cuts off the clients of an authority that it no longer holds', async () => {
    const next = TestAuthority.root('Next root');
    fixture.truststores.set('v2', next.certificate);
    await updateTruststore('v2');
    await inEffect();
    await expect(fixture.call('/')).rejects.toThrow();
    expect((await fixture.call('/', { client: next.client() })).status).toBe(200);
  });

  test('of another version is in effect only a moment after the domain was updated', async () => {
    const next = TestAuthority.root('Next root');
    fixture.truststores.set('v2', next.certificate);
    await updateTruststore('v2');
    expect((await fixture.call('/')).status).toBe(200);
    await expect(fixture.call('/', { client: next.client() })).rejects.toThrow();
  });

  test('of another version is not in effect yet when the domain is available again', async () => {
    const next = TestAuthority.root('Next root');
    fixture.truststores.set('v2', next.certificate);
    await updateTruststore('v2');
    await fixture.surroundings.clock.advance(89_000);
    await expect(fixture.call('/', { client: next.client() })).rejects.toThrow();

    await fixture.surroundings.clock.advance(2_000);
    expect((await fixture.call('/', { client: next.client() })).status).toBe(200);
  });

  test('that is taken back before it is in effect never is', async () => {
    fixture.truststores.set('v2', TestAuthority.root('Next root').certificate);
    await updateTruststore('v2');
    await updateTruststore('v1');
    await inEffect();
    expect((await fixture.call('/')).status).toBe(200);
  });

  test('of a domain that is deleted meanwhile does not bring it back', async () => {
    fixture.truststores.set('v2', TestAuthority.root('Next root').certificate);
    await updateTruststore('v2');
    await deleteDomain();
    await inEffect();
    await expect(fixture.call('/')).rejects.toThrow(/unrecognized name/);
  });

  test('that changes under the same key and version changes nothing', async () => {
    fixture.truststores.set('v1', TestAuthority.root('Next root').certificate);
    expect((await fixture.call('/')).status).toBe(200);
  });

  test('that is not there fails the domain in the words of AWS', async () => {
    const missing = { TruststoreUri: TRUSTSTORE_URI, TruststoreVersion: 'v9' };
    await expect(fixture.createDomain('other.example.com', missing)).rejects.toThrow(
      `Unable to access truststore URI ${TRUSTSTORE_URI} version v9`,
    );
    await expect(fixture.createDomain('other.example.com', { TruststoreUri: 's3://none/none' })).rejects.toThrow(
      'Unable to access truststore URI s3://none/none version N/A',
    );
  });

  test('without a certificate in it fails the domain, and the domain keeps the one it had', async () => {
    fixture.truststores.set('v2', 'no PEM');
    await expect(updateTruststore('v2')).rejects.toThrow('the text contains no certificate in PEM');
    expect((await fixture.call('/')).status).toBe(200);
  });
});

describe('a session', () => {
  const sessionAfter = (socket: TLSSocket) =>
    new Promise<Buffer | undefined>((resolve) => {
      let session = socket.getSession();
      socket.on('session', (ticket) => {
        session = ticket;
      });
      socket.write(`GET / HTTP/1.1\r\nhost: ${DOMAIN}\r\nconnection: close\r\n\r\n`);
      socket.resume().on('end', () => resolve(session));
    });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('of %s is never resumed', async (version) => {
    const settings = { ...fixture.client, minVersion: version, maxVersion: version };
    const session = await sessionAfter(await fixture.handshake(settings));
    const second = await fixture.handshake({ ...settings, session });
    expect(second.isSessionReused()).toBe(false);
    second.destroy();
  });
});

test('the certificate of a connection cannot be changed by renegotiation', async () => {
  const socket = await fixture.handshake({ ...fixture.client, maxVersion: 'TLSv1.2' });
  const outcome = new Promise((resolve) => socket.renegotiate({}, resolve));
  expect(await Promise.race([outcome, closed(socket)])).toMatchObject({
    message: expect.stringMatching(/renegotiation/),
  });
});

describe('the server name', () => {
  test('that no domain has is answered with an alert', async () => {
    await expect(fixture.handshake({ servername: 'other.example.com' })).rejects.toThrow(/unrecognized name/);
  });

  test('must be there', async () => {
    await expect(fixture.handshake({ servername: '' })).rejects.toThrow(/unrecognized name/);
  });

  test('chooses the domain without regard to case', async () => {
    const socket = await fixture.handshake({ ...fixture.client, servername: 'MESH.example.com' });
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });

  test('chooses whether a certificate is demanded', async () => {
    await fixture.createDomain('open.example.com', null);
    await fixture.create('ApiMapping', { ApiId: fixture.apiId, DomainName: 'open.example.com', Stage: '$default' });
    const answer = await fixture.call('/', { domain: 'open.example.com', client: null });
    expect(answer.status).toBe(200);
    expect(fixture.events[0]?.event).not.toHaveProperty('requestContext.authentication');
  });

  test('of an open domain gives no way into the domain with mutual TLS', async () => {
    await fixture.createDomain('open.example.com', null);
    const answer = await fixture.call('/', { domain: 'open.example.com', client: null, headers: { host: DOMAIN } });
    expect(answer.status).toBe(403);
    expect(fixture.events).toEqual([]);
  });
});

test('survives what is no TLS at all', async () => {
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00\x00', '\x16\x03\x01\x00\x04\x01\xff\xff\xff', '']) {
    const socket = connectTcp(fixture.gateway.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end(Buffer.from(bytes, 'latin1'));
    await new Promise((resolve) => socket.resume().on('close', resolve));
  }
  expect((await fixture.call('/')).status).toBe(200);
});

test('reads a first message that arrives in pieces', async () => {
  const whole = await firstMessage();
  const socket = connectTcp(fixture.gateway.port, '127.0.0.1').setNoDelay(true);
  const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  for (const piece of [whole.subarray(0, 3), whole.subarray(3, 40), whole.subarray(40)]) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect((await answer)[0]).toBe(22);
  socket.destroy();
});

describe('clients of other makers', () => {
  let directory: string;
  const file = (name: string, content: string) => {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mutual-tls-'));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  withCurl('curl gets through with a certificate and not without one', async () => {
    const url = `https://${DOMAIN}:${fixture.gateway.port}/`;
    const options = [
      ['--silent', '--show-error', '--resolve', `${DOMAIN}:${fixture.gateway.port}:127.0.0.1`],
      ['--cacert', file('ca.pem', fixture.certificates.serverAuthority)],
    ].flat();
    const identity = ['--cert', file('cert.pem', fixture.client.cert), '--key', file('key.pem', fixture.client.key)];
    expect((await run('curl', [...options, ...identity, url])).stdout).toBe('through');
    await expect(run('curl', [...options, url])).rejects.toMatchObject({
      stderr: expect.stringMatching(/certificate required|handshake failure/),
    });
  });

  withOpenssl('openssl s_client verifies the server and is told which authorities count', async () => {
    const arguments_ = [
      ['s_client', '-connect', `127.0.0.1:${fixture.gateway.port}`, '-servername', DOMAIN, '-verify_return_error'],
      ['-verify_hostname', DOMAIN, '-CAfile', file('ca.pem', fixture.certificates.serverAuthority)],
      ['-cert', file('cert.pem', fixture.client.cert), '-key', file('key.pem', fixture.client.key)],
    ].flat();
    const pending = run('openssl', arguments_);
    pending.child.stdin?.end();
    const { stdout } = await pending;
    expect(stdout).toContain('Verify return code: 0 (ok)');
    expect(stdout).toMatch(/Acceptable client certificate CA names\s+CN ?= ?Test root/);
  });
});

describe('a domain with mutual TLS', () => {
  const mutualTls = { TruststoreUri: TRUSTSTORE_URI, TruststoreVersion: 'v1' };

  test.each(['TLS_1_0', 'SecurityPolicy_TLS13_1_3_2025_09'])('refuses the security policy %s', async (policy) => {
    const properties = domainProperties('other.example.com', mutualTls, { SecurityPolicy: policy });
    await expect(fixture.create('DomainName', properties)).rejects.toThrow(/allows the security policy TLS_1_2/);
  });

  test('is made with the policy TLS_1_2 and an ownership certificate', async () => {
    const settings = {
      SecurityPolicy: 'TLS_1_2',
      OwnershipVerificationCertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/own',
    };
    const domain = await fixture.create('DomainName', domainProperties('other.example.com', mutualTls, settings));
    expect(domain).toEqual({
      physicalId: 'other.example.com',
      attributes: {
        DomainNameArn: 'arn:aws:apigateway:us-east-1::/domainnames/other.example.com',
        RegionalDomainName: expect.stringMatching(/^d-[a-z0-9]{10}\.execute-api\.us-east-1\.amazonaws\.com$/),
        RegionalHostedZoneId: 'Z1UJRXOUMOOFQ8',
      },
    });
  });

  test('is served no longer once it is deleted', async () => {
    await deleteDomain();
    await expect(fixture.call('/')).rejects.toThrow(/unrecognized name/);
  });
});

function closed(socket: TLSSocket): Promise<Error> {
  return new Promise((resolve) => socket.on('error', resolve));
}

/** Once all that domains were told is in effect. */
/** After the domain's update, and the time that the gateway then takes. */
async function inEffect(): Promise<void> {
  await fixture.surroundings.clock.advance(0);
  await fixture.surroundings.clock.advance(90_000);
}

async function deleteDomain(): Promise<void> {
  const type = fixture.gateway.resourceTypes['AWS::ApiGatewayV2::DomainName'];
  const request = { stackName: '', stackId: '', logicalId: '', properties: {} };
  await type?.delete(request, { physicalId: DOMAIN, attributes: {} });
}

function updateTruststore(version: string): Promise<unknown> {
  const mutualTls = { TruststoreUri: TRUSTSTORE_URI, TruststoreVersion: version };
  return fixture.update('DomainName', { physicalId: DOMAIN, attributes: {} }, domainProperties(DOMAIN, mutualTls));
}

/** What a client sends to begin a connection with the fixture's domain. */
function firstMessage(): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.once('data', (data) => {
        resolve(data);
        socket.destroy();
        server.close();
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      fixture.handshake({ port }).catch(() => undefined);
    });
  });
}
