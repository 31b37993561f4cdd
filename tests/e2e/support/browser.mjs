// Debian's Chromium without a window; each person is a browser context with storage of its own.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { Person } from './person.mjs';

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
export const insecureHost = 'plain.test';

export class Browser {
  static async launch() {
    const browser = new Browser();
    browser.chromium = await chromium.launch({
      executablePath: process.env.PARLEY_CHROMIUM ?? program,
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
        // Loopback under a name that browsers do not trust as they trust "localhost": no secure context.
        `--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`,
      ],
    });
    return browser;
  }

  // A new person with an empty browser profile on the server's page. `record` keeps the traffic; the
  // other options are Playwright's.
  async person(server, name, { record = false, ...options } = {}) {
    const context = await this.chromium.newContext({
      viewport: { width: 1280, height: 800 }, colorScheme: 'dark', locale: 'en-GB', timezoneId: 'UTC', ...options,
    });
    const person = new Person(context, server, name);
    if (record) person.traffic = [];
    await person.openPage();
    return person;
  }

  close() {
    return this.chromium.close();
  }
}
