/** The judges are OpenSSL, by way of Node.js and the command line, Java, and NSS. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { encodeJavaTruststore } from '../../pki/jks';
import { KEY_ALGORITHMS, type KeyAlgorithm, privateKeyPem } from '../../pki/keys';
import { encodeKeyStore, encodeTruststore, type KeyStoreEntry, StorePasswordError } from '../../pki/pkcs12';
import { testWith } from '../programs';
import { createClient, createRoot, createSubordinate } from './authorities';

const PASSWORD = 'changeit';

/** Loads a truststore, and says whether its trust manager admits the client of each key store. */
const ADMIT = `
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

class Admit {
  public static void main(String[] arguments) throws Exception {
    char[] password = arguments[2].toCharArray();
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(load(arguments[0], arguments[1], password));
    X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
    for (int i = 3; i < arguments.length; i++) {
      KeyStore store = load("PKCS12", arguments[i], password);
      if (store.getKey("mail", password) == null) throw new IllegalStateException("no key");
      X509Certificate[] chain = java.util.Arrays.stream(store.getCertificateChain("mail")).toArray(X509Certificate[]::new);
      try {
        manager.checkClientTrusted(chain, "EC");
        System.out.println("admitted");
      } catch (CertificateException refused) {
        System.out.println("refused");
      }
    }
  }

  static KeyStore load(String type, String file, char[] password) throws Exception {
    KeyStore store = KeyStore.getInstance(type);
    try (FileInputStream in = new FileInputStream(file)) {
      store.load(in, password);
    }
    return store;
  }
}
`;

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pkcs12-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function entryOf(keyAlgorithm: KeyAlgorithm): Promise<KeyStoreEntry> {
  const root = await createRoot('Root', { keyAlgorithm });
  const subordinate = await createSubordinate(root, 'Issuing');
  const { certificate, privateKey } = await createClient(subordinate, 'mail', { keyAlgorithm });
  return { name: 'mail', privateKey, certificate, authorities: [subordinate.certificate, root.certificate] };
}

function write(name: string, contents: Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, contents, { mode: 0o600 });
  return path;
}

const print = (program: string, ...args: readonly string[]) =>
  execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' });

describe.each(KEY_ALGORITHMS)('a key store with %s', (keyAlgorithm) => {
  let entry: KeyStoreEntry;
  let path: string;

  beforeAll(async () => {
    entry = await entryOf(keyAlgorithm);
    path = write(`${keyAlgorithm}.p12`, encodeKeyStore(entry, PASSWORD));
  });

  test('is read by Node.js, with its password only', () => {
    const pfx = encodeKeyStore(entry, PASSWORD);
    expect(() => createSecureContext({ pfx, passphrase: PASSWORD })).not.toThrow();
    expect(() => createSecureContext({ pfx, passphrase: 'changeme' })).toThrow('mac verify failure');
  });

  testWith('openssl')('is read by OpenSSL with key, certificate, and chain', () => {
    const openssl = (...args: string[]) =>
      print('openssl', 'pkcs12', '-in', path, '-passin', `pass:${PASSWORD}`, ...args);
    expect(openssl('-nocerts', '-nodes')).toContain(privateKeyPem(entry.privateKey));
    expect(openssl('-clcerts', '-nokeys')).toContain(entry.certificate.toString());
    const chain = openssl('-cacerts', '-nokeys');
    for (const authority of entry.authorities) expect(chain).toContain(authority.toString());
    expect(openssl('-nokeys', '-info')).toContain('friendlyName: mail');
  });

  testWith('keytool')('is read by Java as one entry with its chain', () => {
    const options = ['-list', '-v', '-keystore', path, '-storetype', 'PKCS12', '-storepass', PASSWORD];
    const listed = print('keytool', '-J-Duser.language=en', ...options);
    expect(listed).toContain('Your keystore contains 1 entry');
    expect(listed).toMatch(/Alias name: mail\n(.*\n)*Entry type: PrivateKeyEntry\nCertificate chain length: 3\n/);
    // Converts the key, so Java has decrypted it.
    const copy = join(directory, `${keyAlgorithm}-copy.p12`);
    const source = ['-srckeystore', path, '-srcstorepass', PASSWORD];
    print('keytool', '-importkeystore', '-noprompt', ...source, '-destkeystore', copy, '-deststorepass', 'another');
    const pem = print('openssl', 'pkcs12', '-in', copy, '-passin', 'pass:another', '-nocerts', '-nodes');
    expect(pem).toContain(privateKeyPem(entry.privateKey));
  });

  testWith('pk12util', 'certutil')('is imported by NSS', () => {
    const database = join(directory, `nss-${keyAlgorithm}`);
    mkdirSync(database);
    print('certutil', '-N', '-d', `sql:${database}`, '--empty-password');
    print('pk12util', '-d', `sql:${database}`, '-i', path, '-W', PASSWORD);
    expect(print('certutil', '-L', '-d', `sql:${database}`)).toMatch(/^mail +u,u,u/m);
  });
});

describe('a truststore', () => {
  const certificates = async () => {
    const roots = await Promise.all([createRoot('One'), createRoot('Two', { keyAlgorithm: 'RSA_2048' })]);
    return roots.map(({ certificate }) => certificate);
  };

  testWith('keytool').each([
    ['PKCS12', encodeTruststore],
    ['JKS', encodeJavaTruststore],
  ])('of type %s is trusted by Java', async (type, encode) => {
    const trusted = await certificates();
    const path = write(`truststore-${type}`, (encode as typeof encodeTruststore)('mesh', trusted, PASSWORD));
    const options = ['-list', '-v', '-keystore', path, '-storetype', `${type}`, '-storepass', PASSWORD];
    const listed = print('keytool', '-J-Duser.language=en', ...options);
    expect(listed).toContain('Your keystore contains 2 entries');
    expect(listed.match(/Entry type: trustedCertEntry/g)).toHaveLength(2);
    for (const { fingerprint256 } of trusted) expect(listed).toContain(fingerprint256);
    expect(listed).toContain('Alias name: mesh-1');
  });

  testWith('java').each([
    ['PKCS12', encodeTruststore],
    ['JKS', encodeJavaTruststore],
  ])('of type %s lets a Java server admit the clients of the authorities in it', async (type, encode) => {
    const entry = await entryOf('EC_prime256v1');
    const [, root] = entry.authorities;
    if (root === undefined) throw new Error('no root');
    const trusted = write(`admitting-${type}`, (encode as typeof encodeTruststore)('mesh', [root], PASSWORD));
    const stranger = write('stranger.p12', encodeKeyStore(await entryOf('EC_prime256v1'), PASSWORD));
    const client = write('client.p12', encodeKeyStore(entry, PASSWORD));
    const program = write('Admit.java', Buffer.from(ADMIT));
    expect(print('java', program, type, trusted, PASSWORD, client, stranger)).toBe('admitted\nrefused\n');
  });

  testWith('openssl')('of type PKCS12 is read by OpenSSL', async () => {
    const trusted = await certificates();
    const path = write('truststore.p12', encodeTruststore('mesh', trusted, PASSWORD));
    const pem = print('openssl', 'pkcs12', '-in', path, '-passin', `pass:${PASSWORD}`, '-nokeys');
    for (const certificate of trusted) expect(pem).toContain(certificate.toString());
  });
});

test.each(['', 'short', 'pässword', 'line\nfeed', 'nul\0nul'])('refuses the password %j', async (password) => {
  const entry = await entryOf('EC_prime256v1');
  expect(() => encodeKeyStore(entry, password)).toThrow(StorePasswordError);
  expect(() => encodeTruststore('mesh', entry.authorities, password)).toThrow(StorePasswordError);
  expect(() => encodeJavaTruststore('mesh', entry.authorities, password)).toThrow(StorePasswordError);
});

test('neither the key nor the password is in the store in clear text', async () => {
  const entry = await entryOf('EC_prime256v1');
  const store = encodeKeyStore(entry, PASSWORD);
  const { d = '' } = entry.privateKey.export({ format: 'jwk' });
  expect(store.includes(Buffer.from(d, 'base64url'))).toBe(false);
  expect(store.includes(PASSWORD)).toBe(false);
  expect(encodeKeyStore(entry, PASSWORD).equals(store)).toBe(false);
});
