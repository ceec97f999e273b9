/** `npm run docs:pictures`: takes the pictures of the console in the documentation, from the example in the sandbox. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { serviceMeshApp } from '../../../bin/app';
import { Sandbox } from '../../../sandbox';
import { startBrowser } from './browser';
import { RunningConsole } from './running-console';

const PICTURES = join(__dirname, '..', '..', '..', 'docs', 'pictures');

async function takePictures(): Promise<void> {
  const sandbox = await Sandbox.deploy(serviceMeshApp());
  const runningConsole = await RunningConsole.start(sandbox);
  const browser = await startBrowser();
  try {
    await makeTraffic(sandbox);
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    await page.goto(runningConsole.url);
    await page.getByRole('cell', { name: 'NOT_GRANTED' }).first().waitFor();
    await picture(page, 'console');
    await page.getByRole('region', { name: 'Decisions' }).screenshot({ path: join(PICTURES, 'console-decisions.png') });
    await page.getByRole('button', { name: 'Revoke equipment' }).click();
    await page.getByRole('dialog').getByLabel('Reason').selectOption('KEY_COMPROMISE');
    await page.getByRole('checkbox', { name: /Issue another/ }).check();
    await picture(page, 'console-revoke');
    await page.getByRole('button', { name: 'Revoke all' }).click();
    await page.getByText('has a new certificate').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'equipment', exact: true }).click();
    await page.getByText('revoked', { exact: true }).waitFor();
    await picture(page, 'console-client');
  } finally {
    await browser.close();
    await runningConsole.stop();
    await sandbox.close();
  }
}

async function makeTraffic(sandbox: Sandbox): Promise<void> {
  const calls = [
    ['helpdesk', '/groups/equipment', 6],
    ['helpdesk', '/users/names', 4],
    ['groups', '/equipment/checkouts', 3],
    ['users', '/groups/members', 5],
    ['users', '/equipment/checkouts', 2],
    ['equipment', '/groups/members', 1],
  ] as const;
  for (const [client, path, count] of calls) {
    for (let index = 0; index < count; index++) {
      const response = await sandbox.fetch(client, `https://mesh.example.com${path}`);
      await response.body?.cancel();
    }
  }
  const headers = { 'x-mesh-client-name': 'helpdesk' };
  await sandbox.fetch('users', 'https://mesh.example.com/groups/members', { headers });
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

takePictures().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
