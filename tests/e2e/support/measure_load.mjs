// Prints how soon a first visit at 10 Mb/s and 20 ms shows the form, and the rooms after signing in at once.
// By hand, on a quiet machine: node tests/e2e/support/measure_load.mjs [visits]
import { Browser } from './browser.mjs';
import { Server } from './server.mjs';

const visits = Number(process.argv[2] ?? 9);
const link = { offline: false, latency: 20, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 };
const server = await Server.start();
const browser = await Browser.launch();
const formMs = [];
const roomsMs = [];
const hangs = [];

for (let i = 0; i < visits; i++) {
  const context = await browser.chromium.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', link);
  const begun = Date.now();
  await page.goto(server.url, { waitUntil: 'commit' });
  await page.getByLabel('Your name').fill('Early');
  await page.getByRole('button', { name: 'Start chatting' }).click();
  try {
    await page.getByRole('navigation', { name: 'Rooms' }).waitFor({ timeout: 15_000 });
    roomsMs.push(Date.now() - begun);
    const painted = () => performance.getEntriesByName('first-contentful-paint')[0].startTime;
    formMs.push(Math.round(await page.evaluate(painted)));
  } catch {
    hangs.push(i); // Chromium's emulation sometimes stops reading: its sockets are full, the page waits
  }
  await context.close();
}
await browser.close();
await server.close();

for (const [what, list] of [['form painted', formMs], ['rooms shown', roomsMs]]) {
  list.sort((a, b) => a - b);
  console.log(`${what}: median ${list[list.length >> 1]} ms, fastest ${list[0]} ms, slowest ${list.at(-1)} ms`);
}
if (hangs.length > 0) console.log(`${hangs.length} of ${visits} visits were stuck in the emulated network`);
