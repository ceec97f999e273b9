/** A person's browser that has the client's certificate from `keystore.p12`. Screenshots are kept in `pictures/`. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';

/** What the browser needs, for `describeWith`. */
export const BROWSER_NEEDS = ['chromium', 'certutil', 'pk12util', 'unshare'] as const;

const PICTURES = join(__dirname, 'pictures');

/** A browser with a home directory of its own, where it finds its certificates. */
export class PersonsBrowser {
  private readonly home = mkdtempSync(join(tmpdir(), 'mtls-mesh-chromium-'));
  private browser?: Browser;

  /** @param example the copied directory `examples/programs/chromium` */
  constructor(private readonly example: string) {
    mkdirSync(join(this.home, '.pki', 'nssdb'), { recursive: true });
    mkdirSync(PICTURES, { recursive: true });
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
    cpSync(join(this.example, 'mesh.json'), join(policies, 'policies', 'managed', 'mesh.json'));
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
      await photograph(page, join(PICTURES, `${picture}.png`));
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

/** Tries again while the browser is on its way to its page about an error. */
async function photograph(page: Page, path: string, attempts = 5): Promise<void> {
  try {
    await page.screenshot({ path });
  } catch (error) {
    if (attempts === 1) throw error;
    await setTimeout(200);
    await photograph(page, path, attempts - 1);
  }
}
