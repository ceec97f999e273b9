import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

/** The program, for `describeWith`. */
export const CHROMIUM = 'chromium';

/** Starts Chromium as `describeWith` finds it. Without its own sandbox, which not every container allows. */
export function startBrowser(): Promise<Browser> {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, CHROMIUM));
  const executablePath = places.find((path) => existsSync(path)) ?? CHROMIUM;
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

/** Everything that the page reports: dialogs of scripts, uncaught errors, and violations of the content security policy. */
export function reportsOf(page: Page): readonly string[] {
  const reports: string[] = [];
  page.on('pageerror', ({ message }) => reports.push(message));
  page.on('dialog', (dialog) => {
    reports.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.type() === 'error') reports.push(message.text());
  });
  return reports;
}
