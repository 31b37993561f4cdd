// What a person does on the page, through roles and names alone, as a screen reader's user would.
import assert from 'node:assert/strict';
import { artefact } from './paths.mjs';

export const patienceMs = 15_000;

export class Person {
  constructor(context, server, name) {
    this.context = context;
    this.server = server;
    this.name = name;
    this.faults = []; // page errors, violations of the security policy
    this.traffic = null; // an array: every WebSocket frame goes in
    context.setDefaultTimeout(patienceMs);
  }

  async openPage(path = '/') {
    this.page = await this.context.newPage();
    this.page.on('pageerror', (error) => this.faults.push(error.message));
    this.page.on('console', (message) => {
      if (/Content Security Policy|Parley|panic|RuntimeError/.test(message.text())) this.faults.push(message.text());
    });
    this.page.on('websocket', (socket) => {
      const keep = ({ payload }) => this.traffic?.push(Buffer.from(payload));
      socket.on('framesent', keep);
      socket.on('framereceived', keep);
    });
    await this.page.goto(this.server.url + path);
  }

  // ---- getting in ----

  async signIn() {
    await this.page.getByLabel('Your name').fill(this.name);
    await this.page.getByRole('button', { name: 'Start chatting' }).click();
    await this.ready();
  }
  async ready() {
    await this.page.getByRole('navigation', { name: 'Rooms' }).waitFor();
  }

  // ---- rooms ----

  // One that the server can read.
  async createRoom(name) {
    const dialog = await this.beginRoom(name);
    await dialog.getByRole('radio', { name: 'Open', exact: true }).click();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await this.timeline(name).waitFor();
  }
  // With people of the room that is open.
  async createPrivateRoom(name, people = []) {
    const dialog = await this.beginRoom(name);
    for (const person of people) await dialog.getByRole('checkbox', { name: person }).click();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await this.timeline(name).waitFor();
  }
  async beginRoom(name) {
    await this.choose('New room or join', 'Create a room');
    const dialog = this.page.getByRole('dialog', { name: 'Create a room' });
    await dialog.waitFor();
    await this.page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    return dialog;
  }
  async openDetails() {
    const details = this.page.getByRole('complementary', { name: 'Room details' });
    if ((await details.count()) === 0) {
      await this.page.getByRole('button', { name: 'Room details', exact: true }).click();
    }
    await details.waitFor();
    return details;
  }
  async closeDialogs() {
    const dialogs = this.page.getByRole('dialog');
    await this.until(async () => {
      if ((await dialogs.count()) === 0) return true;
      await this.page.keyboard.press('Escape');
      await this.page.waitForTimeout(200);
      return false;
    }, 'the dialogs close');
  }
  async openSecurity() {
    await this.page.getByRole('button', { name: 'Settings' }).click();
    await this.page.getByRole('tab', { name: 'Security' }).click();
  }
  async joinFromDirectory(name) {
    await this.choose('New room or join', 'Browse public rooms');
    const dialog = this.page.getByRole('dialog', { name: 'Public rooms' });
    await dialog.getByRole('button', { name: new RegExp(`^Join ${name}, `) }).click();
    await this.timeline(name).waitFor();
  }
  async choose(button, item) {
    await this.page.getByRole('button', { name: button }).click();
    await this.page.getByRole('menuitem', { name: item }).click();
  }
  roomButton(name) {
    return this.page.getByRole('navigation', { name: 'Rooms' }).getByRole('button', { name: new RegExp(`^${name}, `) });
  }
  async openRoom(name) {
    await this.roomButton(name).click();
    await this.timeline(name).waitFor();
  }
  timeline(name) {
    return this.page.getByRole('log', { name: name ? `Messages in ${name}` : /^Messages in / });
  }
  roomId() {
    return /\/r\/([0-9a-f-]{36})/.exec(this.page.url())?.[1];
  }

  // ---- messages ----

  get composer() {
    return this.page.getByRole('textbox', { name: /^Message / });
  }
  async send(text) {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }
  // The article of the message that says `text`.
  message(text) {
    const words = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return this.page.getByRole('article', { name: new RegExp(`: (in reply to .*: )?${words}( \\(edited\\))?(\\. |$)`) });
  }
  async sees(text) {
    await this.message(text).first().waitFor();
  }
  async seesSent(text) {
    await this.page.getByRole('article', { name: new RegExp(`${text}.*\\. (Sent|Delivered|Read)$`) }).waitFor();
  }
  async countOf(text) {
    return this.message(text).count();
  }
  // Opens the buttons that appear with the pointer over a message, and presses one.
  async actOn(text, action) {
    await this.message(text).hover();
    await this.page.getByRole('toolbar', { name: 'Message actions' }).getByRole('button', { name: action }).click();
  }
  async menuOn(text, item) {
    await this.actOn(text, 'More actions');
    await this.page.getByRole('menuitem', { name: item }).click();
  }

  // Who does not wait for the next try: after a few losses in a row it is up to half a minute away.
  async reconnects() {
    const retry = this.page.getByRole('button', { name: 'Retry now' });
    await this.until(async () => {
      if ((await retry.count()) === 0) return true;
      await retry.click({ timeout: 1000 }).catch(() => {}); // it goes when the page tries by itself
      return false;
    }, 'the connection is back');
  }

  // ---- watching ----

  stats() {
    return this.page.evaluate(() => window.__parley.stats());
  }
  screen() {
    return this.page.evaluate(() => document.documentElement.dataset.screen);
  }
  async screenshot(name) {
    await this.page.screenshot({ path: artefact(`${name}.png`) });
  }
  // Repeats `check` until it holds; it is a value of the page that no locator can wait for.
  async until(check, what) {
    const deadline = Date.now() + patienceMs;
    while (!(await check())) {
      assert.ok(Date.now() < deadline, `${this.name} waited in vain: ${what}`);
      await this.page.waitForTimeout(50);
    }
  }
  async close() {
    await this.context.close();
    assert.deepEqual(this.faults, [], `errors on ${this.name}'s page`);
  }
}
