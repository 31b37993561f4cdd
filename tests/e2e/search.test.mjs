// Searching the messages on this device: the index of the browser client, through roles and names.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './support/browser.mjs';
import { Server } from './support/server.mjs';

let server, browser, ada;

before(async () => {
  server = await Server.start();
  browser = await Browser.launch();
  ada = await browser.person(server, 'Ada');
  await ada.signIn();
  await ada.createRoom('Cellar');
  for (const text of ['The Crème brûlée is ready', '東京都の天気は晴れ', 'party 🎉 tonight']) {
    await ada.send(text);
    await ada.seesSent(text);
  }
  await ada.createRoom('Attic');
  await ada.send('cream is in the cellar');
  await ada.seesSent('cream is in the cellar');
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const words = () => ada.page.getByRole('searchbox', { name: 'Words to search for' });
const hits = () => ada.page.getByRole('listbox', { name: 'Messages found' }).getByRole('option');

async function finds(query, ...expected) {
  await words().fill(query);
  const shown = async () => {
    const labels = await hits().evaluateAll((options) => options.map((option) => option.getAttribute('aria-label')));
    return labels.length === expected.length && expected.every((part, i) => labels[i].includes(part));
  };
  await ada.until(shown, `${query} finds ${expected.join(', then ') || 'nothing'}`);
}

test('words of every room and script are found, newest first', async () => {
  await ada.page.keyboard.press('Control+Shift+F');
  await words().waitFor();
  await finds('cre', 'cream is in the cellar', 'Crème brûlée');
  await ada.screenshot('search-dark');
  await finds('brulee creme', 'Crème brûlée');
  await finds('京都', '東京都');
  await finds('🎉', 'party');
  await finds('"is in the"', 'cream is');
  await finds('nowhere');
  await ada.page.getByRole('status').filter({ hasText: 'Searched what is on this device' }).waitFor();
});

test('Enter opens the room at the message', async () => {
  await finds('tonight', 'party');
  await ada.page.keyboard.press('Enter');
  await ada.timeline('Cellar').waitFor();
  await ada.sees('party 🎉 tonight');
});

test('what is stored is found after a reload', async () => {
  await ada.page.waitForTimeout(1000); // written half a second after a change
  await ada.page.reload();
  await ada.ready();
  await ada.page.getByRole('button', { name: 'Search messages' }).click();
  await finds('cream', 'cream is in the cellar');
  await ada.page.keyboard.press('Escape');
  await words().waitFor({ state: 'detached' });
});

test('the page broke no rule while at it', () => assert.deepEqual(ada.faults, []));
