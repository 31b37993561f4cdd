// The page itself: addresses, rest, text input, tabs, small screens, themes, size.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Browser } from './support/browser.mjs';
import { webFolder } from './support/paths.mjs';
import { Server } from './support/server.mjs';

let server, browser, ada;

before(async () => {
  server = await Server.start();
  browser = await Browser.launch();
  ada = await browser.person(server, 'Ada');
  await ada.signIn();
  await ada.createRoom('First');
  await ada.createRoom('Second');
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test('each room has an address; back and forward work', async () => {
  const second = ada.page.url();
  await ada.openRoom('First');
  const first = ada.page.url();
  assert.notEqual(first, second);
  await ada.page.goBack();
  await ada.timeline('Second').waitFor();
  assert.equal(ada.page.url(), second);
  await ada.page.goForward();
  await ada.timeline('First').waitFor();
  await ada.page.goto(second);
  await ada.timeline('Second').waitFor();
});

test('an idle page draws nothing', async () => {
  await ada.page.keyboard.press('Escape');
  await ada.page.evaluate(() => document.activeElement?.blur());
  await ada.page.mouse.move(5, 400);
  await ada.page.waitForTimeout(2500);
  const before = (await ada.stats()).frames;
  await ada.page.waitForTimeout(3000);
  assert.equal((await ada.stats()).frames - before, 0);
});

test('a blinking caret costs two frames a second', async () => {
  await ada.composer.click();
  await ada.page.mouse.move(5, 400);
  await ada.page.waitForTimeout(1000);
  const before = (await ada.stats()).frames;
  await ada.page.waitForTimeout(3000);
  assert.ok((await ada.stats()).frames - before <= 7);
});

test('a focused field is in its dialog and exists once for screen readers', async () => {
  await ada.choose('New room or join', 'Create a room');
  const field = ada.page.getByRole('textbox', { name: 'Name', exact: true });
  await field.click();
  const session = await ada.context.newCDPSession(ada.page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const fields = nodes.filter((node) => node.role?.value === 'textbox' && node.name?.value === 'Name');
  assert.equal(fields.length, 1);
  let around = fields[0];
  while (around && around.role?.value !== 'dialog') around = byId.get(around.parentId);
  assert.equal(around?.name?.value, 'Create a room');
  await ada.page.keyboard.press('Escape');
  await ada.page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('the mirror is updated only on change', async (t) => {
  await ada.composer.click();
  const samples = [];
  for (let i = 0; i < 20; i++) {
    await ada.page.keyboard.type('x');
    await ada.page.waitForTimeout(30);
    samples.push((await ada.stats()).mirrorMs);
  }
  t.diagnostic(`mirror: median ${samples.sort((a, b) => a - b)[10].toFixed(2)} ms a frame that changes it`);
  await ada.composer.fill('');
  await ada.page.waitForTimeout(2500);
  const before = await ada.stats();
  await ada.page.mouse.move(600, 300); // redraws, says nothing new
  await ada.page.mouse.move(601, 300);
  await ada.page.waitForTimeout(300);
  assert.ok((await ada.stats()).mirrorUpdates - before.mirrorUpdates <= 2);
});

test('composition shows in place; Enter within it does not send', async () => {
  const session = await ada.context.newCDPSession(ada.page);
  await ada.composer.click();
  await ada.page.keyboard.type('a ');
  for (const text of ['に', 'にほ', 'にほん']) {
    await session.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  }
  await ada.until(async () => (await ada.composer.inputValue()) === 'a にほん', 'the composed text');
  await ada.screenshot('composition-dark');
  // What an input method's Enter looks like to a page.
  await ada.page.evaluate(() =>
    document.activeElement.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, isComposing: true, bubbles: true }),
    ),
  );
  await session.send('Input.insertText', { text: '日本' });
  await ada.until(async () => (await ada.composer.inputValue()) === 'a 日本', 'the final text');
  assert.equal(await ada.countOf('a にほん'), 0);
  await ada.page.keyboard.press('Enter');
  await ada.sees('a 日本');
});

test('editing keys, selection, several lines, emoji', async () => {
  await ada.composer.click();
  await ada.page.keyboard.type('world');
  await ada.page.keyboard.press('Home');
  await ada.page.keyboard.type('hello ');
  await ada.page.keyboard.press('End');
  await ada.page.keyboard.press('Shift+Enter');
  await ada.page.keyboard.insertText('👩‍👩‍👧 é');
  assert.equal(await ada.composer.inputValue(), 'hello world\n👩‍👩‍👧 é');
  await ada.page.keyboard.press('Shift+Home');
  await ada.page.keyboard.press('Delete');
  await ada.page.keyboard.press('Backspace');
  await ada.page.keyboard.press('Control+a');
  await ada.page.keyboard.type('replaced');
  assert.equal(await ada.composer.inputValue(), 'replaced');
  await ada.composer.fill('');
});

test('links are real links without an opener', async () => {
  await ada.send('see https://example.org/page for more');
  const link = ada.page.getByRole('link', { name: /example\.org/ });
  await link.waitFor();
  assert.equal(await link.getAttribute('href'), 'https://example.org/page');
  assert.equal(await link.getAttribute('target'), '_blank');
  assert.match(await link.getAttribute('rel'), /noopener/);
});

test('a lost WebGL context comes back', async () => {
  await ada.page.evaluate(async () => {
    const lose = document.getElementById('canvas').getContext('webgl2').getExtension('WEBGL_lose_context');
    lose.loseContext();
    await new Promise((resolve) => setTimeout(resolve, 100));
    lose.restoreContext();
  });
  const before = (await ada.stats()).frames;
  await ada.until(async () => (await ada.stats()).frames > before, 'a frame after the restore');
  await ada.screenshot('context-restored-dark');
  await ada.send('still here');
  await ada.sees('still here');
});

test('phone: one column, the composer within the screen', async () => {
  for (const colorScheme of ['dark', 'light']) {
    const phone = await browser.person(server, `Phone ${colorScheme}`, {
      viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme,
    });
    await phone.screenshot(`phone-login-${colorScheme}`);
    await phone.signIn();
    await phone.screenshot(`phone-rooms-${colorScheme}`);
    await phone.roomButton('Lobby').tap();
    await phone.timeline('Lobby').waitFor();
    assert.notEqual(await phone.page.evaluate(() => document.activeElement.id), 'text-agent', 'no keyboard unasked');
    await phone.composer.tap();
    await phone.page.keyboard.type('from a phone');
    await phone.until(async () => (await phone.composer.inputValue()) === 'from a phone', 'the typed text');
    await phone.page.keyboard.press('Enter');
    await phone.sees('from a phone');
    await phone.screenshot(`phone-room-${colorScheme}`);
    const size = await phone.page.evaluate(() => getComputedStyle(document.getElementById('text-agent')).fontSize);
    assert.equal(size, '16px');
    await phone.close();
  }
});

test('settings in both themes', async () => {
  for (const colorScheme of ['dark', 'light']) {
    await ada.page.emulateMedia({ colorScheme });
    await ada.page.getByRole('button', { name: 'Settings' }).click();
    await ada.page.getByRole('dialog').waitFor();
    for (const tab of await ada.page.getByRole('tab').all()) {
      await tab.click();
      const name = (await tab.getAttribute('aria-label')).toLowerCase();
      await ada.screenshot(`settings-${name}-${colorScheme}`);
    }
    await ada.page.keyboard.press('Escape');
    await ada.page.getByRole('dialog').waitFor({ state: 'detached' });
  }
});

test('sharp at other pixel ratios', async () => {
  for (const deviceScaleFactor of [1.5, 2, 3]) {
    const person = await browser.person(server, 'Sharp', { viewport: { width: 800, height: 600 }, deviceScaleFactor });
    await person.signIn();
    const [width, height] = await person.page.evaluate(() => {
      const canvas = document.getElementById('canvas');
      return [canvas.width, canvas.height];
    });
    assert.deepEqual([width, height], [800 * deviceScaleFactor, 600 * deviceScaleFactor]);
    await person.close();
  }
});

test('without WebGL 2 or WebAssembly the page says why', async () => {
  for (const [lacks, words] of [['WebGL2RenderingContext', /WebGL 2/], ['WebAssembly', /WebAssembly/]]) {
    const context = await browser.chromium.newContext();
    await context.addInitScript((name) => delete window[name], lacks);
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'This browser cannot run Parley' }).waitFor();
    await page.locator('#incapable p:visible').filter({ hasText: words }).waitFor();
    await context.close();
  }
});

test('the download keeps its promise', async (t) => {
  const folder = webFolder();
  const names = new Set(readdirSync(folder));
  const transferred = [...names].filter((name) => names.has(`${name}.br`) || name.endsWith('.png'));
  const sizeOf = (name) => statSync(join(folder, names.has(`${name}.br`) ? `${name}.br` : name)).size;
  const total = transferred.reduce((sum, name) => sum + sizeOf(name), 0);
  t.diagnostic(`${total} bytes`);
  assert.ok(total > 100_000, 'the files are there');
  assert.ok(total <= 2_621_440, `${total} bytes`);
});

test('the form works before the client has arrived', async () => {
  const early = await browser.person(server, 'Early');
  // The page's own request and, after the first visit, the service worker's.
  const held = [];
  let released = false;
  await early.context.route(/\/main\.\w+\.js$/, (route) => (released ? route.continue() : held.push(route)));
  await early.page.reload({ waitUntil: 'commit' });
  await early.page.getByLabel('Your name').fill('Early');
  await early.page.getByRole('button', { name: 'Start chatting' }).click();
  await early.until(() => held.length > 0, 'the script to be asked for');
  released = true;
  for (const route of held) await route.continue();
  await early.ready();
  await early.close();
});

test('the login takes the code of another device, also from the address', async () => {
  const grace = await browser.person(server, 'Grace');
  const { page } = grace;
  const name = page.getByLabel('Your name');
  const code = page.getByRole('textbox', { name: 'Code or recovery words' });
  await page.goto(`${server.url}/#link=K7QM-4WZX-PD9T`);
  await page.reload();
  await page.goto(`${server.url}/#link=K7QM-4WZX-PD9T`);
  await code.waitFor();
  assert.equal(await code.inputValue(), 'K7QM-4WZX-PD9T');
  assert.equal(new URL(page.url()).hash, '');
  assert.equal(await name.isVisible(), false);

  await code.fill(' ');
  await code.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'Type the code, or the recovery words.' }).waitFor();
  assert.equal(await code.getAttribute('aria-invalid'), 'true');
  await page.getByRole('button', { name: 'Back' }).click();
  await name.waitFor();
  assert.equal(await code.isVisible(), false);
  await name.focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await code.waitFor();
  assert.equal(await page.getByRole('alert').filter({ hasText: /./ }).count(), 0);
  await page.getByRole('button', { name: 'Back' }).click();
  await grace.signIn();
  await grace.close();
});

// What the browser keeps: [names and values of the entries, whether some are still in the clear].
const kept = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('parley');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const found = {};
          const transaction = opening.result.transaction(['entries', 'keys']);
          transaction.objectStore('entries').getAllKeys().onsuccess = ({ target }) => (found.names = target.result);
          transaction.objectStore('entries').getAll().onsuccess = ({ target }) => (found.values = target.result);
          transaction.objectStore('keys').get('plain').onsuccess = ({ target }) => (found.plain = target.result === true);
          transaction.oncomplete = () => {
            opening.result.close();
            resolve({ ...found, values: found.values.map((value) => [...value]) });
          };
        };
      }),
  );

test('what is kept is sealed, also what an earlier version left in the clear', async () => {
  const grace = await browser.person(server, 'Grace');
  await grace.signIn();
  await grace.createRoom('Diary');
  await grace.send('dear diary');
  await grace.seesSent('dear diary');
  const text = [...'dear diary'].map((letter) => letter.charCodeAt(0)).join();
  await grace.until(async () => (await kept(grace.page)).names.some((name) => name.startsWith('events/')), 'the message to be kept');
  for (const value of (await kept(grace.page)).values) {
    assert.equal(value[0], 2);
    assert.ok(!value.join().includes(text));
  }
  await grace.page.reload();
  await grace.sees('dear diary');
  await grace.close();

  const old = await browser.person(server, 'Old');
  await old.page.goto(`${server.url}/livez`);
  await old.page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        indexedDB.deleteDatabase('parley').onsuccess = () => {
          const opening = indexedDB.open('parley', 1);
          opening.onupgradeneeded = () => opening.result.createObjectStore('entries').put(new Uint8Array([1, 7]), 'draft/x');
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            opening.result.close();
            resolve();
          };
        };
      }),
  );
  await old.page.goto(server.url);
  await old.page.getByLabel('Your name').waitFor();
  await old.until(async () => !(await kept(old.page)).plain, 'the old entries to be sealed');
  const { names, values } = await kept(old.page);
  assert.deepEqual([names, values[0][0]], [['draft/x'], 2]);
  await old.close();
});

test('nothing went wrong on the page', () => ada.close());
