// Private rooms in the browser: two people, a second device, lost devices; and what the server keeps of it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Browser } from './support/browser.mjs';
import { cliProgram } from './support/paths.mjs';
import { Server } from './support/server.mjs';

const run = promisify(execFile);

let server, browser, ada, grace;
const secret = 'heliotrope at seven';
let words; // Ada's recovery words
let code; // for a device of hers
const others = []; // her other devices

before(async () => {
  server = await Server.start();
  browser = await Browser.launch();
  ada = await browser.person(server, 'Ada', { record: true });
  grace = await browser.person(server, 'Grace', { record: true });
  await ada.signIn();
  await grace.signIn();
  await ada.createRoom('Square');
  await grace.joinFromDirectory('Square');
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test('a private room with somebody, and its lock', async () => {
  await ada.openRoom('Square');
  await ada.createPrivateRoom('Greenhouse', ['Grace']);
  await ada.send(secret);
  await ada.seesSent(secret);
  await grace.roomButton('Greenhouse').waitFor();
  await grace.openRoom('Greenhouse');
  await grace.sees(secret);
  await grace.send('and roses');
  await ada.sees('and roses');
  await ada.roomButton('Greenhouse').and(ada.page.getByRole('button', { name: /end-to-end encrypted/ })).waitFor();
  await ada.screenshot('private-room');
});

test('a conversation is started from a member', async () => {
  await ada.openRoom('Square');
  const details = await ada.openDetails();
  await details.getByRole('button', { name: /^Grace/ }).click();
  await ada.page.getByRole('menuitem', { name: 'Message' }).click();
  await ada.timeline('Grace').waitFor();
  await ada.send('just you and me');
  await ada.seesSent('just you and me');
  await grace.openRoom('Ada');
  await grace.sees('just you and me');
});

test('people compare safety numbers', async () => {
  const number = async (person, other) => {
    await person.openDetails();
    await person.page.getByRole('button', { name: `Verify ${other}` }).click();
    const dialog = person.page.getByRole('dialog', { name: `Verify ${other}` });
    const text = dialog.getByText(/^Safety number: /);
    await text.waitFor();
    return { dialog, digits: (await text.textContent()).replace(/\D/g, '') };
  };
  const one = await number(ada, 'Grace');
  const other = await number(grace, 'Ada');
  assert.equal(one.digits.length, 60);
  assert.equal(one.digits, other.digits);
  await ada.screenshot('verify');
  await one.dialog.getByRole('button', { name: 'They match' }).click();
  await one.dialog.getByText(/Grace: Verified/).waitFor();
  await ada.closeDialogs();
  await other.dialog.getByRole('button', { name: 'Not now' }).click();
  await ada.page.getByRole('button', { name: /verified/ }).first().waitFor();
});

// What a phone's camera does with the code on the other's screen: it opens the page with it.
test('a code from the other\'s screen verifies, after a question', async () => {
  const cli = async (...args) =>
    (await run(cliProgram(), ['--store', join(server.folder, 'terry.db'), ...args])).stdout;
  await cli('login', '--server', server.socketUrl, '--name', 'Terry');
  await cli('join', 'Square');
  await cli('direct', 'Ada');
  const { link } = JSON.parse(await cli('--json', 'verify', 'Ada'));
  const dialog = ada.page.getByRole('dialog', { name: 'Verify Terry' });
  for (const answer of ['No', 'I scanned it']) {
    await ada.page.goto(link);
    await dialog.getByRole('button', { name: answer }).click();
  }
  await dialog.getByText(/Terry: Verified/).waitFor();
  assert.equal(await ada.page.evaluate(() => location.hash), '');
  await ada.closeDialogs();
  await ada.page.goto(`${server.url}/#verify=AAAA`);
  await ada.page.getByText('That is not a safety code.').waitFor();
});

test('recovery words are shown once', async () => {
  await ada.openSecurity();
  await ada.page.getByRole('button', { name: 'Make recovery words' }).click();
  const list = ada.page.getByRole('list', { name: /recovery words/i }).getByRole('listitem');
  await list.nth(16).waitFor();
  const labels = await list.evaluateAll((items) => items.map((item) => item.getAttribute('aria-label') ?? item.textContent));
  words = labels.map((label) => label.replace(/^\d+[.:]?\s*/, '')).join(' ');
  await ada.screenshot('recovery-words');
  await ada.page.getByRole('button', { name: 'I have written them down' }).click();
  await list.first().waitFor({ state: 'detached' });
  await ada.closeDialogs();
});

test('a second device is linked with a code', async () => {
  await ada.openSecurity();
  await ada.page.getByRole('button', { name: 'Link a device' }).click();
  const old = ada.page.getByRole('dialog', { name: 'Link a device' });
  const shown = old.getByText(/^Code: /);
  await shown.waitFor();
  code = (await shown.textContent()).replace('Code: ', '').trim();
  await ada.screenshot('link-code');

  const phone = await browser.person(server, 'Ada on the phone', { record: true });
  others.push(phone);
  await phone.page.getByRole('button', { name: /account on another device/ }).click();
  await phone.page.getByLabel('Code or recovery words').fill(code);
  await phone.page.getByRole('button', { name: 'Sign in' }).click();
  const signs = async (page) =>
    page.getByRole('list', { name: 'Signs to compare' }).getByRole('listitem').evaluateAll((items) => items.length);
  await ada.until(async () => (await signs(ada.page)) === 7, 'the seven signs on the old device');
  await phone.screenshot('link-signs-new');
  await ada.screenshot('link-signs-old');
  await old.getByRole('button', { name: 'They match' }).click();
  await old.getByRole('button', { name: 'Done' }).click();
  await ada.closeDialogs();
  await phone.ready();
  const done = phone.page.getByRole('dialog', { name: 'Link this device' }).getByRole('button', { name: 'Done' });
  await done.click();
  await phone.openRoom('Greenhouse');
  await phone.sees(secret);
  await phone.send('from the phone');
  await grace.openRoom('Greenhouse');
  await grace.sees('from the phone');
  // Ada's comparison with Grace holds here, too.
  await phone.roomButton('Greenhouse').and(phone.page.getByRole('button', { name: /verified/ })).waitFor();
});

test('everything is there after a reload', async () => {
  for (let times = 0; times < 2; ++times) {  // the second time with nothing new
    await grace.page.waitForTimeout(1000);
    await grace.page.reload();
    await grace.ready();
    await grace.openRoom('Greenhouse');
    await grace.sees(secret);
  }
  await grace.send('after the reload');
  await ada.openRoom('Greenhouse');
  await ada.sees('after the reload');
});

test('who comes back after the session has ended goes on by the key of the device', async () => {
  await ada.page.close();
  await server.stop();
  server.voidTokens();
  await server.run();
  await grace.reconnects(); // her token is void as well
  await ada.openPage();
  await ada.ready();
  await ada.openRoom('Greenhouse');
  await ada.sees(secret);
  await ada.send('after the session');
  await ada.seesSent('after the session');
  await grace.sees('after the session');
});

test('a device that was signed out asks before it forgets its keys', async () => {
  const phone = others[0];
  await phone.reconnects();
  await phone.ready();
  await ada.openSecurity();
  const devices = ada.page.getByRole('dialog', { name: 'Settings' });
  await devices.getByRole('button', { name: /^Sign out (?!of)/ }).first().click();
  const question = ada.page.getByRole('alertdialog');
  await question.getByRole('button', { name: 'Sign out' }).click();
  await question.waitFor({ state: 'detached' });
  await ada.closeDialogs();
  await phone.page.getByRole('button', { name: 'Back' }).click();
  await phone.page.getByLabel('Your name').waitFor();
  await phone.page.getByRole('button', { name: 'Start chatting' }).dblclick();
  await phone.page.getByRole('alert').filter({ hasText: 'keys of Ada are still on this device' }).waitFor();
  await phone.screenshot('login-question');
  await phone.page.waitForTimeout(1100); // what comes sooner is a double click
  await phone.page.getByRole('button', { name: 'Go on' }).click();
  await phone.ready();
  await phone.close();
});

test('wiped storage is restored by the recovery words, with nobody else there', async () => {
  await grace.context.setOffline(true);
  await ada.close();
  const again = await browser.person(server, 'Ada again', { record: true });
  others.push(again);
  await again.page.getByRole('button', { name: /account on another device/ }).click();
  const field = again.page.getByLabel('Code or recovery words');
  await field.fill(words.replace(/^\w+/, 'zebra0'));
  await again.page.getByRole('button', { name: 'Sign in' }).click();
  await again.page.getByRole('alert').filter({ hasText: 'Word 1' }).waitFor();
  await field.fill(words);
  await again.page.getByRole('button', { name: 'Sign in' }).click();
  await again.ready();
  await again.openRoom('Greenhouse');
  await again.sees(secret);
  await again.send('I am back');
  await again.seesSent('I am back');
  await grace.context.setOffline(false);
  await grace.sees('I am back');
  await again.screenshot('recovered');
  await again.close();
});

test('neither the traffic nor the server\'s disk has any of it', async () => {
  await server.stop();
  const forbidden = [secret, 'Greenhouse', 'just you and me', 'from the phone', words.split(' ').slice(0, 3).join(' ')];
  forbidden.push(code, code.replaceAll('-', ''), words.replaceAll(' ', ''));
  const frames = [ada, grace, ...others].flatMap((person) => person.traffic);
  assert.equal(others.length, 2);
  assert.ok(server.log.some((line) => line.includes('debug')), 'the server says what it does');
  for (const line of server.log) {
    for (const text of forbidden) assert.ok(!line.includes(text), `the log contains "${text}"`);
  }
  assert.ok(frames.some((frame) => frame.includes('Square')), 'frames are as they are on the wire');
  for (const frame of frames) {
    for (const text of forbidden) assert.ok(!frame.includes(text), `a frame contains "${text}"`);
  }
  let searched = 0;
  for (const entry of readdirSync(server.folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = readFileSync(join(entry.parentPath ?? entry.path, entry.name));
    searched += content.length;
    for (const text of forbidden) {
      assert.equal(content.indexOf(text), -1, `${entry.name} contains "${text}"`);
      assert.equal(content.indexOf(Buffer.from(text, 'utf16le')), -1, `${entry.name} contains "${text}"`);
    }
  }
  assert.ok(searched > 100_000, 'the database was searched');
});

test('no page broke a rule while at it', () => assert.deepEqual(grace.faults, []));
