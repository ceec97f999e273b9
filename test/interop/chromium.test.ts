/** A person's browser that has the client's certificate from `keystore.p12`. Screenshots are kept in `pictures/`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { ClientSecret } from '../../mesh/client-secret';
import { describeWith } from '../programs';
import { copyExample, freePort } from './example-programs';
import { Files, secretOf } from './files';
import { type KeyKind, RunningMesh } from './running-mesh';

const PICTURES = join(__dirname, 'pictures');

/** A browser with a home directory of its own, where it finds its certificates. */
class PersonsBrowser {
  private readonly home = mkdtempSync(join(tmpdir(), 'mtls-mesh-chromium-'));
  private browser?: Browser;

  /** @param example the copied directory `examples/programs/chromium` */
  constructor(private readonly example: string) {
    mkdirSync(join(this.home, '.pki', 'nssdb'), { recursive: true });
    this.run('certutil', '-N', '-d', this.database, '--empty-password');
  }

  /** Imports the client's key store, as the example does. */
  importCertificate(): void {
    this.run('sh', join(this.example, 'import-certificate.sh'));
  }

  trust(serverAuthority: string): void {
    this.run('certutil', '-A', '-d', this.database, '-n', 'server-ca', '-t', 'C,,', '-i', serverAuthority);
  }

  /**
   * Opens a page and photographs what the person sees, which may be the browser's own page about an error.
   * @returns the text of the page, or the error
   */
  async open(url: string, picture: string): Promise<string> {
    // The administrator's policies are in /etc/chromium. Only this browser sees those of the example there.
    const launcher = join(this.home, 'chromium');
    const policies = join(this.home, 'etc');
    mkdirSync(join(policies, 'policies', 'managed'), { recursive: true });
    execFileSync('cp', [join(this.example, 'mesh.json'), join(policies, 'policies', 'managed')]);
    const inside = 'mount --bind "$0" /etc/chromium && exec chromium "$@"';
    const options = process.getuid?.() === 0 ? '--mount' : '--mount --map-root-user';
    writeFileSync(launcher, `#!/bin/sh\nexec unshare ${options} sh -c '${inside}' '${policies}' "$@"\n`, {
      mode: 0o755,
    });

    const env = { ...process.env, HOME: this.home };
    this.browser = await chromium.launch({ executablePath: launcher, env, args: ['--no-sandbox'] });
    const page = await this.browser.newPage({ viewport: { width: 900, height: 420 } });
    try {
      return await page.goto(url, { timeout: 60_000 }).then(
        () => page.locator('body').innerText(),
        ({ message }: Error) => message,
      );
    } finally {
      await page.screenshot({ path: join(PICTURES, `${picture}.png`) });
      await this.browser.close();
    }
  }

  async remove(): Promise<void> {
    await this.browser?.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  private get database(): string {
    return `sql:${join(this.home, '.pki', 'nssdb')}`;
  }

  private run(program: string, ...options: string[]): void {
    execFileSync(program, options, {
      env: { ...process.env, HOME: this.home },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}

describeWith(
  'chromium',
  'certutil',
  'pk12util',
  'unshare',
)('Chromium', () => {
  const files = new Files();
  const copies = new Files();
  const browsers: PersonsBrowser[] = [];
  let example: string;
  let url: string;

  function browser(): PersonsBrowser {
    const one = new PersonsBrowser(example);
    browsers.push(one);
    one.trust(join(files.path, 'server-ca.pem'));
    return one;
  }

  beforeAll(async () => {
    const port = await freePort();
    url = `https://localhost:${port}/schedule`;
    const surroundings = { files: files.path, mesh: `https://localhost:${port}`, port };
    example = copyExample('chromium', join(copies.path, 'chromium'), surroundings);
    mkdirSync(PICTURES, { recursive: true });
  });

  afterEach(async () => {
    for (const one of browsers.splice(0)) await one.remove();
  });

  afterAll(() => {
    files.remove();
    copies.remove();
  });

  describe.each<KeyKind>(['ECDSA', 'RSA'])('with %s keys', (keys) => {
    let mesh: RunningMesh;
    let mail: ClientSecret;

    beforeAll(async () => {
      mesh = await RunningMesh.start(keys, Number(new URL(url).port));
      mail = await mesh.secret('mail');
      files.write('server-ca.pem', mesh.serverAuthority);
    });

    beforeEach(() => files.writeClient(mail));

    afterAll(() => mesh.stop());

    test('is served the page, and after a rotation with the new certificate', async () => {
      const person = browser();
      person.importCertificate();
      expect(await person.open(url, `${keys}-served`)).toBe(`mail ${mail.serialNumber}`);

      const before = mail.serialNumber;
      mail = await mesh.rotate('mail');
      await files.writeClient(mail);
      person.importCertificate();
      expect(mail.serialNumber).not.toBe(before);
      expect(await person.open(url, `${keys}-served-after-rotation`)).toBe(`mail ${mail.serialNumber}`);
    });

    test('is refused without a certificate', async () => {
      const requests = mesh.requests;
      expect(await browser().open(url, `${keys}-without-certificate`)).toContain('net::ERR_');
      expect(mesh.requests).toBe(requests);
    });

    test('is refused with a certificate of another authority of the same name', async () => {
      const requests = mesh.requests;
      await files.writeClient(secretOf('mail', await copiedIdentity(mail)));
      const person = browser();
      person.importCertificate();
      expect(await person.open(url, `${keys}-foreign-certificate`)).toContain('net::ERR_');
      expect(mesh.requests).toBe(requests);
    });
  });
});
