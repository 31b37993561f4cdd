// Several tabs of one browser: the tab in use owns the connection, the others keep their last picture.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, insecureHost } from './support/browser.mjs';
import { Server } from './support/server.mjs';

let server, browser;

before(async () => {
  server = await Server.start();
  browser = await Browser.launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// Playwright tells every page that it has the focus. Without that only the page in front has it; all stay
// visible, as windows side by side are.
async function withRealFocus(person, page = person.page) {
  const session = await person.context.newCDPSession(page);
  await session.send('Emulation.setFocusEmulationEnabled', { enabled: false });
  return page;
}

const owns = (page) => page.evaluate(() => document.documentElement.matches('[data-screen=main]:not([data-elsewhere])'));
const waits = (page) => page.evaluate(() => document.documentElement.dataset.elsewhere === 'active');
const rooms = (page) => page.getByRole('navigation', { name: 'Rooms' });
const composer = (page) => page.getByRole('textbox', { name: /^Message / });

async function isInUse(person, used, others) {
  await person.until(() => owns(used), 'the tab in use to own');
  await rooms(used).waitFor();
  for (const other of others) await person.until(() => waits(other), 'the other tab to let go');
}

// A person with two tabs on one room, the second one in front.
async function withTwoTabs(name, address = server.url, options = {}) {
  const person = await browser.person({ url: address }, name, options);
  await withRealFocus(person);
  await person.signIn();
  await person.openRoom('Lobby');
  const first = person.page;
  await person.openPage(new URL(first.url()).pathname);
  const second = await withRealFocus(person);
  await isInUse(person, second, [first]);
  return { person, first, second };
}

// The keys of a private room move on with each message and each commit: both tabs go on from one state.
test('two tabs write in turn in a private room, and nothing is lost or forked', async () => {
  const grace = await browser.person(server, 'Grace');
  await grace.signIn();
  const { person, first, second } = await withTwoTabs('Ada');
  await person.createPrivateRoom('Greenhouse', ['Grace']); // in the second tab
  const said = [];
  const say = async (page, text) => {
    await composer(page).fill(text);
    await composer(page).press('Enter');
    await page.getByRole('article', { name: new RegExp(`${text}.*(Sent|Delivered|Read)$`) }).waitFor();
    said.push(text);
  };
  await say(second, 'from the second tab');
  await first.bringToFront();
  await isInUse(person, first, [second]);
  await rooms(first).getByRole('button', { name: /^Greenhouse, / }).click();
  await grace.openRoom('Greenhouse');
  for (const [turn, used, other] of [[1, first, second], [2, second, first], [3, first, second]]) {
    await used.bringToFront();
    await isInUse(person, used, [other]);
    await say(used, `turn ${turn}`);
    await grace.sees(`turn ${turn}`);
  }
  for (const text of said) {
    await grace.sees(text);
    await first.getByRole('article', { name: new RegExp(text) }).waitFor();
  }
  assert.equal(await grace.page.getByText(/missing here|contradicts|changed on its way/).count(), 0);
  await person.close();
  await grace.close();
});

for (const [kind, address] of [
  ['with Web Locks', () => server.url],
  ['without TLS', () => `http://${insecureHost}:${server.port}`],
]) {
  test(`the tab that its person comes to takes over, ${kind}`, async (t) => {
    const { person, first, second } = await withTwoTabs('Ada', address());
    assert.equal(await first.evaluate(() => isSecureContext), kind === 'with Web Locks');
    await person.createRoom(`Made ${kind}`); // in the second tab
    for (const [used, other] of [[first, second], [second, first], [first, second]]) {
      const begun = Date.now();
      await used.bringToFront();
      await isInUse(person, used, [other]);
      t.diagnostic(`in use after ${Date.now() - begun} ms`);
    }
    // Each tab stays in its room; what the other did is here.
    await first.getByRole('log', { name: 'Messages in Lobby' }).waitFor();
    await rooms(first).getByRole('button', { name: new RegExp(`^Made ${kind}, `) }).waitFor();
    await composer(first).fill(`alive ${kind}`);
    await composer(first).press('Enter');
    await first.getByRole('article', { name: new RegExp(`alive ${kind}.*Sent$`) }).waitFor();
    await person.close();
  });

  test(`when the owner goes a visible tab follows, ${kind}`, async () => {
    const { person, first, second } = await withTwoTabs('Ada', address());
    await second.goto('about:blank'); // still in front: the first tab is not focused
    await person.until(() => owns(first), 'the tab that is left to own');
    await rooms(first).waitFor();
    await person.close();
  });
}

test('two windows side by side do not fight', async () => {
  const { person, first, second } = await withTwoTabs('Ada');
  for (const page of [first, second]) {
    await page.evaluate(() => {
      window.changes = 0;
      const count = () => window.changes++;
      new MutationObserver(count).observe(document.documentElement, { attributeFilter: ['data-elsewhere'] });
    });
  }
  await second.waitForTimeout(2500);
  for (const page of [first, second]) assert.equal(await page.evaluate(() => window.changes), 0);
  assert.equal((await second.evaluate(() => window.__parley.stats())).frames > 0, true);
  await person.close();
});

test('a hidden tab does not take over, and follows when nobody else does', async () => {
  const { person, first, second } = await withTwoTabs('Ada');
  await first.evaluate(() => {
    Object.defineProperty(document, 'hidden', { get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('focus'));
  });
  await first.waitForTimeout(1500);
  assert.ok(await waits(first));
  await second.goto('about:blank');
  await person.until(async () => !(await waits(first)), 'the hidden tab to follow');
  await person.close();
});

test('the tab that waits shows its last picture under a notice, and its button takes over', async () => {
  for (const colorScheme of ['dark', 'light']) {
    const { person, first, second } = await withTwoTabs('Ada', server.url, { colorScheme });
    await first.getByText('Active in another tab').waitFor();
    const button = first.getByRole('button', { name: 'Use here' });
    await button.waitFor();
    assert.ok(await first.locator('#canvas').isVisible());
    assert.ok(await first.locator('#stage').evaluate((stage) => stage.inert), 'what is dimmed is not offered');
    person.page = first;
    await person.screenshot(`second-tab-${colorScheme}`);
    await button.dispatchEvent('click'); // without the focus that a real click brings
    await isInUse(person, first, [second]);
    await person.close();
  }
});

test('a draft and an unsent message go along', async () => {
  const { person, first, second } = await withTwoTabs('Ada');
  await first.bringToFront();
  await isInUse(person, first, [second]);
  await server.stop();
  await composer(first).fill('written without a server');
  await composer(first).press('Enter');
  await composer(first).fill('not finished');
  await second.bringToFront();
  await isInUse(person, second, [first]);
  await second.getByRole('article', { name: /written without a server.*Sending/ }).waitFor();
  await person.until(async () => (await composer(second).inputValue()) === 'not finished', 'the draft');
  await server.run();
  await second.getByRole('article', { name: /written without a server.*Sent$/ }).waitFor();
  assert.equal(await second.getByRole('article', { name: /written without a server/ }).count(), 1);
  await person.close();
});

test('an owner that does not answer loses the right', async () => {
  const { person, first, second } = await withTwoTabs('Ada');
  const stuck = second.evaluate(() => {
    const end = Date.now() + 4000;
    while (Date.now() < end);
  });
  await first.bringToFront();
  await person.until(() => owns(first), 'the tab in use to own');
  await stuck;
  await isInUse(person, first, [second]);
  await person.close();
});
