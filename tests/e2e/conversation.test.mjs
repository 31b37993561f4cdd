// Two people in one room, everything through the page's roles and names.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser } from './support/browser.mjs';
import { Server } from './support/server.mjs';

let server, browser, ada, grace;

before(async () => {
  server = await Server.start();
  browser = await Browser.launch();
  ada = await browser.person(server, 'Ada');
  grace = await browser.person(server, 'Grace', { colorScheme: 'light' });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test('signing in by the form', async () => {
  await ada.screenshot('login-dark');
  await grace.screenshot('login-light');
  await ada.signIn();
  await grace.signIn();
});

test('a blank name is refused in words', async () => {
  const guest = await browser.person(server, '   ');
  await guest.page.getByRole('button', { name: 'Start chatting' }).click();
  await guest.page.getByRole('alert').filter({ hasText: 'Type a name' }).waitFor();
  await guest.close();
});

test('a room is created and joined from the directory', async () => {
  await ada.createRoom('Kitchen');
  await grace.joinFromDirectory('Kitchen');
  assert.equal(ada.roomId(), grace.roomId());
});

test('messages go both ways, in one order', async () => {
  await ada.send('Good morning');
  await grace.sees('Good morning');
  await grace.send('Hello Ada');
  await ada.sees('Hello Ada');
  await ada.seesSent('Good morning');
  for (let i = 1; i <= 5; i++) await (i % 2 ? ada : grace).send(`line ${i}`);
  for (const person of [ada, grace]) {
    for (let i = 1; i <= 5; i++) await person.sees(`line ${i}`);
  }
  const order = async (person) =>
    (await person.page.getByRole('article').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label'))))
      .map((label) => /line \d|Good morning|Hello Ada/.exec(label)?.[0]);
  assert.deepEqual(await order(ada), await order(grace));
});

test('typing shows, and stops', async () => {
  await ada.composer.pressSequentially('I am thinking');
  const line = grace.page.getByText(/Ada is typing/).first();
  await line.waitFor();
  await grace.screenshot('typing-light');
  await ada.composer.fill('');
  await line.waitFor({ state: 'detached' });
});

test('presence of the members', async () => {
  await ada.page.getByRole('button', { name: 'Room details', exact: true }).click();
  const details = ada.page.getByRole('complementary', { name: 'Room details' });
  await details.getByRole('button', { name: /^Grace, member, online/i }).waitFor();
  await ada.screenshot('members-dark');
});

test('reactions', async () => {
  await grace.actOn('Good morning', 'React');
  await grace.page.getByRole('dialog', { name: 'Choose a reaction' }).getByRole('button').first().click();
  await ada.message('Good morning').getByRole('button', { name: /1.*Grace/ }).waitFor();
  await ada.message('Good morning').getByRole('button', { name: /1.*Grace/ }).click();
  await grace.message('Good morning').getByRole('button', { name: /2.*/ }).first().waitFor();
});

test('words written faster than frames are drawn are kept', async () => {
  await ada.composer.focus();
  await ada.page.evaluate(() => {
    const field = document.activeElement;
    for (const text of ['quick one', 'quick two', 'quick three', 'unfinished']) {
      field.value += text; // typed on, into what Enter has left
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      if (text !== 'unfinished') field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    }
  });
  for (const text of ['quick one', 'quick two', 'quick three']) await grace.sees(text);
  assert.equal(await ada.composer.inputValue(), 'unfinished');
  await ada.composer.fill('');
});

test('the composer can be asked for while a picker closes', async () => {
  await ada.actOn('quick one', 'React');
  const dialog = ada.page.getByRole('dialog', { name: 'Choose a reaction' });
  const emoji = await dialog.getByRole('button').first().elementHandle();
  const field = await ada.composer.elementHandle();
  await ada.page.evaluate(([emoji, field]) => {
    emoji.click();
    field.focus();
  }, [emoji, field]);
  await dialog.waitFor({ state: 'detached' });
  await ada.page.keyboard.insertText('straight on');
  await ada.until(async () => (await ada.composer.inputValue()) === 'straight on', 'the words in the composer');
  await ada.composer.fill('');
});

test('replying', async () => {
  await grace.actOn('line 5', 'Reply');
  await grace.send('agreed');
  await ada.page.getByRole('article', { name: /in reply to Ada, "line 5": agreed/ }).waitFor();
});

test('editing', async () => {
  await ada.actOn('line 3', 'Edit');
  await ada.until(async () => (await ada.composer.inputValue()) === 'line 3', 'the message in the composer');
  await ada.send('line three');
  await grace.page.getByRole('article', { name: /line three \(edited\)/ }).waitFor();
});

test('deleting', async () => {
  await ada.menuOn('line 1', 'Delete');
  await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await grace.message('line 1').waitFor({ state: 'detached' });
  await ada.screenshot('room-dark');
  await grace.screenshot('room-light');
});

test('scripts and styles stay within the security policy', async () => {
  await ada.close();
  await grace.close();
});
