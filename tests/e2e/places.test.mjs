// Addresses and what leads to them: invitation links, room links, back and forward, notifications.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './support/browser.mjs';
import { Server } from './support/server.mjs';

let server, browser, ada;

before(async () => {
  server = await Server.start();
  browser = await Browser.launch();
  ada = await browser.person(server, 'Ada', { permissions: ['notifications'] });
  await ada.signIn();
  await ada.createRoom('Cellar');
  await ada.send('the wine is here');
  await ada.seesSent('the wine is here');
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// Makes an invitation link to the open room and returns its path.
async function invitePath(person) {
  await person.page.getByRole('button', { name: /^Invite/ }).first().click();
  const dialog = person.page.getByRole('dialog', { name: /^Invite to / });
  await dialog.getByRole('button', { name: 'Create a link' }).click();
  const link = dialog.getByText(/\/i\//).first();
  await link.waitFor();
  const [path] = /\/i\/[\w-]+/.exec(await link.textContent());
  await person.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  return path;
}

test('an invitation link leads somebody new into its room', async () => {
  const path = await invitePath(ada);
  const grace = await browser.person(server, 'Grace');
  await grace.page.goto(server.url + path);
  await grace.signIn();
  const dialog = grace.page.getByRole('dialog', { name: 'Join with an invitation' });
  await dialog.waitFor();
  await grace.screenshot('invitation-dark');
  await dialog.getByRole('button', { name: 'Join' }).click();
  await grace.timeline('Cellar').waitFor();
  await grace.sees('the wine is here');
  assert.equal(grace.roomId(), ada.roomId());
  await grace.close();
});

test('an invitation that is not known is refused in words', async () => {
  const guest = await browser.person(server, 'Guest');
  await guest.page.goto(`${server.url}/i/nosuchcode`);
  await guest.signIn();
  await guest.page.getByRole('dialog').getByRole('button', { name: 'Join' }).click();
  await guest.page.getByText(/The invitation has expired, was used up or was withdrawn/).first().waitFor();
  await guest.screenshot('invitation-refused-dark');
  await guest.close();
});

test('a room link opens the room', async () => {
  const path = new URL(ada.page.url()).pathname;
  assert.match(path, /^\/r\/[0-9a-f-]{36}$/);
  await ada.page.goto(server.url);
  await ada.ready();
  await ada.page.goto(server.url + path);
  await ada.timeline('Cellar').waitFor();
});

test('back and forward go through the rooms that were open', async () => {
  await ada.openRoom('Lobby');
  await ada.openRoom('Cellar');
  await ada.page.goBack();
  await ada.timeline('Lobby').waitFor();
  await ada.page.goForward();
  await ada.timeline('Cellar').waitFor();
  assert.match(await ada.page.title(), /Cellar/);
});

test('a message elsewhere is notified; the notification names sender and room', async () => {
  await ada.page.getByRole('button', { name: 'Settings' }).click();
  await ada.page.getByRole('tab', { name: 'Messages' }).click();
  await ada.page.getByRole('switch', { name: 'Notifications' }).click();
  await ada.page.getByRole('switch', { name: 'Notifications', checked: true }).waitFor();
  await ada.page.keyboard.press('Escape');
  const grace = await browser.person(server, 'Grace');
  await grace.signIn();
  await grace.openRoom('Lobby');
  const lobby = grace.roomId();
  await ada.openRoom('Cellar');
  // Noted when the browser has shown it. To ask for the list of notifications meanwhile may remove one that is
  // on its way to the screen.
  await ada.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    window.shown = [];
    const show = ServiceWorkerRegistration.prototype.showNotification;
    ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
      await show.call(this, title, options);
      window.shown.push({ title, body: options.body, path: options.data.path });
    };
  });
  await grace.send('anybody **there**?');
  const shown = () => ada.page.evaluate(() => window.shown);
  await ada.until(async () => (await shown()).length > 0, 'a notification');
  assert.deepEqual(await shown(), [{ title: 'Grace in Lobby', body: 'anybody there?', path: `/r/${lobby}` }]);
  assert.match(await ada.page.title(), /^\(1\)/);
  await grace.close();
});

test('a message in view is not notified', async () => {
  const grace = await browser.person(server, 'Grace');
  await grace.signIn();
  await ada.openRoom('Lobby');
  await ada.page.evaluate(() => (window.shown = []));
  await grace.openRoom('Lobby');
  await grace.send('in plain sight');
  await ada.sees('in plain sight');
  assert.deepEqual(await ada.page.evaluate(() => window.shown), []);
  await grace.close();
});

test('nothing went wrong on the page', () => ada.close());
