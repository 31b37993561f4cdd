// What is written survives: reloads, a missing network, a server that goes away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './support/browser.mjs';
import { Server } from './support/server.mjs';

let server, browser, ada, grace;

before(async () => {
  server = await Server.start();
  browser = await Browser.launch();
  ada = await browser.person(server, 'Ada');
  grace = await browser.person(server, 'Grace');
  await ada.signIn();
  await grace.signIn();
  await ada.createRoom('Archive');
  await grace.joinFromDirectory('Archive');
  await ada.send('kept on this device');
  await grace.sees('kept on this device');
  await ada.seesSent('kept on this device');
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test('a reload paints the stored timeline before the network answers', async () => {
  // What can be fetched again is saved a moment after it came.
  await ada.page.waitForTimeout(2000);
  // The page may load; nothing comes through the socket.
  await ada.page.routeWebSocket(/\/ws$/, () => {});
  await ada.page.reload();
  await ada.sees('kept on this device');
  assert.equal(await ada.screen(), 'main');
});

test('written without a network: kept across a reload, then sent once', async () => {
  await ada.send('from the outbox');
  await ada.page.getByRole('article', { name: /from the outbox.*Sending/ }).waitFor();
  await ada.page.reload();
  await ada.page.getByRole('article', { name: /from the outbox.*Sending/ }).waitFor();
  await ada.screenshot('offline-dark');
  await ada.page.unrouteAll?.();
  // A new page of the same browser: routes of the old one do not hold there.
  await ada.page.close();
  await ada.openPage(`/r/${grace.roomId()}`);
  await ada.seesSent('from the outbox');
  await grace.sees('from the outbox');
  assert.equal(await grace.countOf('from the outbox'), 1);
});

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`the server restarts (${signal}) with a message written meanwhile`, async () => {
    const meanwhile = `written during ${signal}`;
    await ada.send(`acknowledged before ${signal}`);
    await ada.seesSent(`acknowledged before ${signal}`);
    await server.stop(signal);
    await ada.send(meanwhile);
    await ada.page.getByRole('article', { name: new RegExp(`${meanwhile}.*Sending`) }).waitFor();
    await server.run();
    await grace.sees(meanwhile);
    await grace.sees(`acknowledged before ${signal}`);
    await ada.seesSent(meanwhile);
    assert.equal(await grace.countOf(meanwhile), 1);
    assert.equal(await ada.countOf(meanwhile), 1);
  });
}

test('the app starts from the cache while the server is down', async () => {
  await ada.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await ada.page.reload();
  await ada.sees('from the outbox');
  await server.stop();
  await ada.page.reload();
  await ada.sees('from the outbox');
  await server.run();
  await ada.reconnects();
  await grace.reconnects(); // her third loss within seconds
  await ada.send('back again');
  await grace.sees('back again');
});
