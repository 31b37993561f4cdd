// What the system brings: its colours, motion, clipboard and fonts. And names that cannot be used.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './support/browser.mjs';
import { Server } from './support/server.mjs';

let server, browser, ada;

before(async () => {
  server = await Server.start();
  browser = await Browser.launch();
  ada = await browser.person(server, 'Ada', { permissions: ['clipboard-read', 'clipboard-write'] });
  await ada.signIn();
  await ada.createRoom('Studio');
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test('names that cannot be used are refused in words, and the form goes on', async () => {
  for (const name of ['', ' \u00a0 ', 'x'.repeat(200)]) {
    const guest = await browser.person(server, name);
    await guest.page.getByLabel('Your name').fill(name);
    await guest.page.getByRole('button', { name: 'Start chatting' }).click();
    const alert = guest.page.getByRole('alert').filter({ hasText: /name/i });
    await alert.waitFor();
    assert.doesNotMatch(await alert.textContent(), /error|code|_/i);
    if (name.length === 200) await guest.screenshot('login-refused-dark');
    assert.equal(await guest.page.getByLabel('Your name').getAttribute('aria-invalid'), 'true');
    guest.name = `Guest ${name.length}`;
    await guest.signIn();
    await guest.close();
  }
});

test('a selected message is copied and pasted', async () => {
  await ada.send('the quick brown fox');
  await ada.seesSent('the quick brown fox');
  // A triple click takes the paragraph; the text stands to the right of the picture, below the name. The row
  // may still be moving up while its message is acknowledged.
  await ada.until(async () => {
    const { x, y, height } = await ada.message('the quick brown fox').boundingBox();
    await ada.page.mouse.click(x + 90, y + height - 12, { clickCount: 3 });
    await ada.page.keyboard.press('Control+c');
    return (await ada.page.evaluate(() => navigator.clipboard.readText())).trim() === 'the quick brown fox';
  }, 'the copied text');
  await ada.composer.click();
  await ada.page.keyboard.press('Control+v');
  await ada.until(async () => (await ada.composer.inputValue()).trim() === 'the quick brown fox', 'the pasted text');
  await ada.page.keyboard.press('Control+a');
  await ada.page.keyboard.press('Control+x');
  await ada.until(async () => (await ada.composer.inputValue()) === '', 'the cut text to go');
});

test('every script is drawn: by the bundled fonts or by the browser', async (t) => {
  await ada.page.addInitScript(() => {
    window.drawn = new Map(); // text -> whether it has a colour
    const { fillText } = OffscreenCanvasRenderingContext2D.prototype;
    OffscreenCanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
      fillText.call(this, text, ...rest);
      const { data } = this.getImageData(0, 0, this.canvas.width, this.canvas.height);
      if (find(data, (at) => data[at + 3] !== 0)) window.drawn.set(text, isColoured(data));
    };
    function find(data, check) {
      for (let at = 0; at < data.length; at += 4) {
        if (check(at)) return true;
      }
      return false;
    }
    function isColoured(data) {
      return find(data, (at) => data[at] !== data[at + 1] || data[at + 1] !== data[at + 2]);
    }
    window.hasColourFont = () => {
      const context = new OffscreenCanvas(64, 64).getContext('2d');
      context.font = '32px "Noto Color Emoji"';
      fillText.call(context, '😀', 8, 40);
      return isColoured(context.getImageData(0, 0, 64, 64).data);
    };
  });
  await ada.page.reload();
  await ada.timeline('Studio').waitFor();
  const lines = ['漢字とかな', 'مرحبا بالعالم', 'नमस्ते दुनिया', 'family 👩‍👩‍👧‍👦 flag 🇯🇵 heart ❤️ smile 😀', 'Ωμέγα Жизнь Łódź'];
  for (const line of lines) await ada.send(line);
  for (const line of lines) await ada.sees(line);
  await ada.screenshot('glyphs-dark');
  const colours = new Map(await ada.page.evaluate(() => [...window.drawn]));
  const drawn = [...colours.keys()];
  for (const wanted of ['漢', 'か', '👩‍👩‍👧‍👦', '🇯🇵', '❤️']) {
    assert.ok(drawn.includes(wanted), `${wanted} was drawn whole`);
  }
  // The system's text fonts have this one too, as a black outline.
  const possible = await ada.page.evaluate(() => window.hasColourFont());
  if (!possible) t.diagnostic('this system has no colour emoji');
  assert.equal(colours.get('😀'), possible, 'an emoji has the colours that the system has for it');
  // Scripts whose letters join are drawn in words.
  for (const wanted of ['مرحبا', 'नमस्ते']) {
    assert.ok(drawn.some((text) => text.includes(wanted)), `${wanted} was drawn as a word`);
  }
});

test('forced colours are taken over', async () => {
  const pixel = () =>
    ada.page.evaluate(
      () =>
        new Promise((resolve) => {
          requestAnimationFrame(() => {
            const canvas = document.createElement('canvas');
            canvas.width = canvas.height = 1;
            const context = canvas.getContext('2d');
            context.fillStyle = 'Canvas';
            context.fillRect(0, 0, 1, 1);
            resolve([...context.getImageData(0, 0, 1, 1).data].slice(0, 3));
          });
        }),
    );
  for (const colorScheme of ['dark', 'light']) {
    await ada.page.emulateMedia({ forcedColors: 'active', colorScheme });
    const [r, g, b] = await pixel();
    const wanted = `#${[r, g, b].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
    const told = () => ada.page.evaluate(() => document.querySelector('meta[name=theme-color]').content);
    await ada.until(async () => (await told()) === wanted, `the system's background ${wanted}`);
    await ada.screenshot(`forced-colours-${colorScheme}`);
  }
  await ada.page.emulateMedia({ forcedColors: 'none', colorScheme: 'dark' });
  await ada.send('after forced colours');
  await ada.sees('after forced colours');
});

test('reduced motion changes nothing but motion', async () => {
  await ada.page.emulateMedia({ reducedMotion: 'reduce' });
  await ada.page.getByRole('button', { name: 'Room details', exact: true }).click();
  await ada.page.getByRole('complementary', { name: 'Room details' }).waitFor();
  await ada.screenshot('reduced-motion-dark');
  await ada.page.getByRole('button', { name: 'Settings' }).click();
  await ada.page.getByRole('dialog').waitFor();
  await ada.page.keyboard.press('Escape');
  await ada.page.getByRole('dialog').waitFor({ state: 'detached' });
  await ada.page.emulateMedia({ reducedMotion: 'no-preference' });
});

test('nothing went wrong on the page', () => ada.close());
