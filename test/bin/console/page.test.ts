/** The page in a browser, over a mesh in memory. */
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { AwsCallError } from '../../../aws/aws-error';
import type { ConsoleServer } from '../../../bin/console/server/server';
import { describeWith } from '../../programs';
import {
  certificateOf,
  clientOf,
  exampleMesh,
  externalClientOf,
  MemoryMesh,
  NOW,
  OPERATOR,
} from '../shared/memory-mesh';
import { CHROMIUM, reportsOf, startBrowser } from './browser';
import { LOG_GROUPS, openConsole } from './open-console';
import { accessLine, denialLine, MemoryLogs } from './traffic/lines';

jest.setTimeout(60_000);

/** What a script of somebody else would do in the page. */
const INTRUSION = `(async () => {
  const violations = [];
  document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
  const script = document.createElement('script');
  script.append('window.owned = true');
  const image = document.createElement('img');
  image.src = 'http://127.0.0.1:9/x.png';
  const style = document.createElement('style');
  style.append('body { display: none }');
  document.body.append(script, image, style);
  await fetch('http://127.0.0.1:9/').catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { violations, isOwned: 'owned' in window };
})()`;

describeWith(CHROMIUM)('the page', () => {
  let browser: Browser;
  let server: ConsoleServer | undefined;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterEach(async () => {
    server?.close();
    for (const context of browser.contexts()) await context.close();
  });
  afterAll(() => browser?.close());

  async function open(mesh: MemoryMesh, logs = new MemoryLogs(), options: BrowserContextOptions = {}) {
    server = await openConsole(mesh, logs);
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const reports = reportsOf(page);
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'Clients' }).waitFor();
    return { page, reports };
  }

  /** A mesh in which `mail` and `social` call `schedule`. */
  async function busyMesh() {
    const mesh = exampleMesh();
    const declared = { apiId: 'api', declaredBy: 'stack Schedule', updatedAt: NOW.toISOString() };
    const grants = ['mail GET /schedule/events', 'social ANY /schedule/*'];
    await mesh.registry.services.register({ ...declared, serviceName: 'schedule', grants }, false);
    const logs = new MemoryLogs();
    logs.groups.set(LOG_GROUPS.accessLog, [accessLine(), accessLine(), accessLine({ status: '502' })]);
    logs.groups.set(LOG_GROUPS.authorizerLog, [
      denialLine({
        code: 'CLIENT_DISABLED',
        subject: 'spiffe://mesh.example.com/social',
        reason: 'social is disabled',
      }),
    ]);
    return { mesh, logs };
  }

  const row = (page: Page, name: string) =>
    page
      .locator('.clients')
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name }) });

  test('shows calls, refusals by reason, and decisions with why', async () => {
    const { mesh, logs } = await busyMesh();
    const { page, reports } = await open(mesh, logs);

    const table = page.getByText('Grants and calls as a table');
    await table.click();
    await page.getByRole('row', { name: 'mail schedule GET /schedule/events 3 1 0' }).waitFor();
    await page.getByText('3 · 1 failed').waitFor();
    await page.getByRole('button', { name: 'client social (disabled), 1 refused' }).waitFor();
    const refusals = page.getByRole('region', { name: 'Refusals by reason' });
    await refusals.getByText('CLIENT_DISABLED').waitFor();
    await refusals.getByText('social (1)').waitFor();
    const decisions = page.getByRole('region', { name: 'Decisions' });
    await decisions.getByRole('row', { name: /allowed, 502 mail GET \/schedule\/events grant GET/ }).waitFor();
    await decisions.getByRole('checkbox', { name: 'Only refused' }).check();
    expect(await decisions.getByRole('row').count()).toBe(2);
    await decisions.getByRole('row', { name: /CLIENT_DISABLED social .*social is disabled/ }).waitFor();
    expect(reports).toEqual([]);
  });

  test('shows what happens while it is open', async () => {
    const { mesh, logs } = await busyMesh();
    const { page } = await open(mesh, logs);
    await row(page, 'mail').getByText('enabled', { exact: true }).waitFor();
    await mesh.registry.setClientState('mail', { state: 'DISABLED', updatedAt: '', updatedBy: 'somebody else' });
    // The clock of the mesh stands still, so only a change by the page has it read again.
    await row(page, 'social').getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Enable' }).click();
    await row(page, 'mail').getByText('disabled').waitFor();
  });

  test('the time line of a client has all its certificates, and opens with the keyboard', async () => {
    const { page } = await open(exampleMesh());
    await page.getByRole('button', { name: 'client mail', exact: true }).focus();
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog', { name: 'mail' });
    await sheet
      .getByRole('img', { name: /^accepted, valid from 2026-11-20/ })
      .first()
      .waitFor();
    expect(await sheet.getByRole('listitem').count()).toBe(3);
    await sheet.getByText('accepted, current').waitFor();
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  test('asks before it disables, names the client, and does nothing after a no', async () => {
    const mesh = exampleMesh();
    const { page } = await open(mesh);
    const disable = row(page, 'mail').getByRole('button', { name: 'Disable' });
    const dialog = page.getByRole('dialog', { name: 'Disable mail?' });
    await disable.click();
    await dialog.getByText('The mesh refuses every certificate of mail within seconds').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await disable.click();
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(mesh.registry.clients.get('mail')?.state).toBe('ENABLED');

    await disable.click();
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await dialog.getByText('mail is disabled').waitFor();
    expect(mesh.registry.clients.get('mail')).toMatchObject({ state: 'DISABLED', updatedBy: OPERATOR });
    await dialog.getByRole('button', { name: 'Close' }).click();
    await row(page, 'mail').getByText('disabled').waitFor();
    await row(page, 'mail').getByRole('button', { name: 'Enable' }).waitFor();
  });

  test('a revocation needs a reason, and says what it does to which certificates', async () => {
    const mesh = exampleMesh();
    const { page } = await open(mesh);
    await row(page, 'mail').getByRole('button', { name: 'Revoke' }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke all certificates of mail?' });
    await dialog.getByText('Nothing makes a revoked certificate valid again.').waitFor();
    const revoke = dialog.getByRole('button', { name: 'Revoke all' });
    expect(await revoke.isDisabled()).toBe(true);
    expect(await dialog.getByRole('checkbox').isChecked()).toBe(false);
    await dialog.getByLabel('Reason').selectOption('KEY_COMPROMISE');
    await revoke.click();
    await dialog.getByText('mail 0B is revoked (KEY_COMPROMISE)').waitFor();
    expect(mesh.certificate('0B')).toMatchObject({ status: 'REVOKED', revokedBy: OPERATOR });
  });

  test('revokes one certificate of the time line', async () => {
    const mesh = exampleMesh();
    const { page } = await open(mesh);
    await page.getByRole('button', { name: 'mail', exact: true }).click();
    await page.getByRole('button', { name: 'Revoke the certificate 0A' }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke a certificate of mail?' });
    await dialog.getByLabel('Reason').selectOption('SUPERSEDED');
    await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
    await dialog.getByText('mail 0A is revoked (SUPERSEDED)').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog', { name: 'mail' }).getByText('revoked', { exact: true }).waitFor();
    expect(mesh.certificate('0B').status).toBe('ISSUED');
  });

  test('an action that fails says why, and the page goes on', async () => {
    const mesh = exampleMesh();
    mesh.failures.secrets = new AwsCallError('secretsmanager:RotateSecret', 'AccessDeniedException', 'not authorized');
    const { page } = await open(mesh);
    await row(page, 'mail').getByRole('button', { name: 'Rotate' }).click();
    const dialog = page.getByRole('dialog', { name: 'Rotate mail?' });
    await dialog.getByRole('button', { name: 'Rotate' }).click();
    const alert = dialog.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toBe(
      'secretsmanager:RotateSecret failed with AccessDeniedException: not authorized',
    );
    await dialog.getByRole('button', { name: 'Close' }).click();
    await row(page, 'mail').getByText('enabled', { exact: true }).waitFor();
  });

  test('a log that can not be read is an error by its name, beside what is known', async () => {
    const logs = new MemoryLogs();
    logs.failure = new AwsCallError('logs:FilterLogEvents', 'AccessDeniedException', 'not authorized');
    const { page } = await open(exampleMesh(), logs);
    await page
      .getByText('The traffic can’t be read: logs:FilterLogEvents failed with AccessDeniedException: not authorized.')
      .waitFor();
    await row(page, 'mail').getByText('enabled', { exact: true }).waitFor();
  });

  test('a console that has ended leaves the page as it was, and says so', async () => {
    const { page } = await open(exampleMesh());
    server?.close();
    await page.getByText('The console does not answer. Is `mtls-mesh console` still running?').waitFor();
    await row(page, 'mail').waitFor();
  });

  describe('with hostile values', () => {
    /** What would run, load, or send something in HTML, an attribute, or SVG. */
    const HOSTILE = [
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      '"><svg onload=alert(1)>',
      "javascript:alert(1)//'",
      '</title></text><style>*{display:none}</style>',
      '{{constructor.constructor("alert(1)")()}}&lt;b&gt;',
      '\u202egnirts\u0000\n</td>',
    ];

    function hostileMesh(): MemoryMesh {
      return new MemoryMesh(
        HOSTILE.flatMap((text, index) => [
          clientOf(text, { spiffeId: text, updatedBy: text, state: index % 2 === 0 ? 'ENABLED' : 'DISABLED' }),
          externalClientOf(`external ${text}`, { trustAnchor: text, identityValue: text, updatedBy: text }),
        ]),
        HOSTILE.map((text) => certificateOf(text, text, { issuer: text, fingerprint: text })),
      );
    }

    async function openHostile() {
      const logs = new MemoryLogs();
      logs.groups.set(
        LOG_GROUPS.accessLog,
        HOSTILE.map((text) => accessLine({ clientName: text, method: text, path: `/${text}` })),
      );
      logs.groups.set(
        LOG_GROUPS.authorizerLog,
        HOSTILE.map((text) => denialLine({ subject: text, serialNumber: text, reason: text })),
      );
      return open(hostileMesh(), logs);
    }

    async function expectOnlyText(page: Page, reports: readonly string[]): Promise<void> {
      const foreign = 'img, iframe, object, embed, link:not([href="icon.svg"], [href="console.css"]), style, a';
      expect(await page.locator(foreign).count()).toBe(0);
      expect(await page.locator('script').count()).toBe(1);
      expect(await page.locator('[onload], [onerror], [style*="display"]').count()).toBe(0);
      expect(reports).toEqual([]);
    }

    test('shows them as text', async () => {
      const { page, reports } = await openHostile();
      await page.getByText('Grants and calls as a table').click();
      const shown = await page.locator('body').innerText();
      for (const text of HOSTILE.slice(0, 6)) expect(shown).toContain(text);
      await expectOnlyText(page, reports);
    });

    test('asks and answers with them as text', async () => {
      const { page, reports } = await openHostile();
      const [hostile = ''] = HOSTILE;
      await page.getByRole('button', { name: `Disable ${hostile}`, exact: true }).click();
      const dialog = page.getByRole('dialog');
      expect(await dialog.innerText()).toContain(`Disable ${hostile}?`);
      await dialog.getByRole('button', { name: 'Disable' }).click();
      // The server knows only names that a client can have.
      await dialog.getByText('the console has no such page').waitFor();
      await expectOnlyText(
        page,
        reports.filter((report) => !report.includes('status of 404')),
      );
    });

    test('runs no script that somebody brings into the page, and sends nothing elsewhere', async () => {
      const { page } = await open(exampleMesh());
      const blocked = await page.evaluate<{ violations: string[]; isOwned: boolean }>(INTRUSION);
      expect(blocked.isOwned).toBe(false);
      expect(blocked.violations).toEqual(expect.arrayContaining(['img-src', 'style-src-elem', 'connect-src']));
    });
  });

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    /** https://github.com/dequelabs/axe-core, by the rules of WCAG 2.2 AA. */
    const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

    async function violationsOf(page: Page): Promise<unknown> {
      await page.evaluate(AXE);
      return page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))',
      );
    }

    test('everybody can use it', async () => {
      const { mesh, logs } = await busyMesh();
      const { page } = await open(mesh, logs, { colorScheme, bypassCSP: true });
      await page.getByText('CLIENT_DISABLED').first().waitFor();
      await page.getByText('Grants and calls as a table').click();
      expect(await violationsOf(page)).toEqual([]);

      await page.getByRole('button', { name: 'mail', exact: true }).click();
      await page.getByText('accepted, current').waitFor();
      expect(await violationsOf(page)).toEqual([]);
      await page.getByRole('button', { name: 'Revoke the certificate 0A' }).click();
      expect(await violationsOf(page)).toEqual([]);
    });
  });

  test('a mesh with many clients has a search', async () => {
    const names = Array.from({ length: 150 }, (_, index) => `client-${index}`);
    const { page } = await open(new MemoryMesh(names.map((name) => clientOf(name))));
    const clients = page.getByRole('region', { name: 'Clients' });
    await clients.getByText('The first 100 of 150.').waitFor();
    await clients.getByLabel('Search').fill('client-149');
    await row(page, 'client-149').waitFor();
    expect(await clients.getByRole('row').count()).toBe(2);
  });

  test('fits a narrow screen', async () => {
    const { mesh, logs } = await busyMesh();
    const { page } = await open(mesh, logs, { viewport: { width: 360, height: 740 } });
    await page.getByText('CLIENT_DISABLED').first().waitFor();
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.getByRole('button', { name: 'mail', exact: true }).click();
    expect(await overflow()).toBeLessThanOrEqual(0);
  });
});
