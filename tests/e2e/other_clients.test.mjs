// The browser, the desktop client, the terminal client and a plain JSON client in one room.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import WebSocket from 'ws';
import { Browser } from './support/browser.mjs';
import { artefact, cliProgram, nativeProgram } from './support/paths.mjs';
import { patienceMs } from './support/person.mjs';
import { Server } from './support/server.mjs';

const run = promisify(execFile);
let server, browser, ada;

before(async () => {
  server = await Server.start();
  browser = await Browser.launch();
  ada = await browser.person(server, 'Ada');
  await ada.signIn();
  await ada.openRoom('Lobby'); // where every new guest starts
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const cli = (...args) => run(cliProgram(), ['--store', join(server.folder, 'cli.db'), ...args]);

test('the terminal client talks in the room', async () => {
  await cli('login', '--server', server.socketUrl, '--name', 'Terry');
  await ada.send('hello terminal');
  await ada.seesSent('hello terminal');
  const { stdout } = await cli('history', 'Lobby');
  assert.match(stdout, /hello terminal/);
  await cli('send', 'Lobby', 'hello browser');
  await ada.sees('hello browser');
});

test('the terminal client follows the room', async () => {
  const follow = ['--store', join(server.folder, 'cli.db'), 'tail', '--json', 'Lobby'];
  const tail = spawn(cliProgram(), follow, { stdio: ['ignore', 'pipe', 'inherit'] });
  const seen = new Promise((resolve) => {
    createInterface({ input: tail.stdout }).on('line', (line) => {
      if (line.includes('live from the page')) resolve(JSON.parse(line));
    });
  });
  await ada.send('live from the page');
  const event = await seen;
  assert.equal(event.content, 'live from the page');
  tail.kill('SIGINT');
  await once(tail, 'exit');
});

// FEATURES M1, with the plain npm client and no subprotocol.
class JsonClient {
  constructor(url) {
    this.socket = new WebSocket(url);
    this.inbox = [];
    this.waiting = [];
    this.nextId = 0;
    this.socket.on('message', (data) => {
      this.inbox.push(JSON.parse(data));
      this.waiting.splice(0).forEach((wake) => wake());
    });
  }
  post(type, fields = {}) {
    const id = ++this.nextId;
    this.socket.send(JSON.stringify({ type, id, ...fields }));
    return id;
  }
  send(type, fields) {
    const id = this.post(type, fields);
    return this.take((message) => message.id === id);
  }
  async take(wanted) {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const index = this.inbox.findIndex(wanted);
      if (index >= 0) return this.inbox.splice(index, 1)[0];
      assert.ok(Date.now() < deadline, `not among ${JSON.stringify(this.inbox)}`);
      await Promise.race([new Promise((resolve) => this.waiting.push(resolve)), delay(1000)]);
    }
  }
}

test('a plain JSON client talks in the room', async () => {
  const client = new JsonClient(server.socketUrl);
  await once(client.socket, 'open');
  const early = await client.send('typing', { room_id: ada.roomId() });
  assert.equal(early.code, 'not_authenticated');
  const welcome = await client.send('authenticate', { guest_name: 'Json' });
  assert.equal(welcome.type, 'welcome');
  const room = ada.roomId();
  assert.notEqual((await client.send('join_room', { room_id: room })).type, 'error');
  const posted = await client.send('send_message', { room_id: room, content: 'hello from json', message_type: 'text' });
  assert.equal(posted.type, 'posted');
  await ada.sees('hello from json');
  await ada.send('hello json');
  const event = await client.take((message) => message.type === 'message' && message.content === 'hello json');
  assert.equal((await client.send('react', { room_id: room, target: event.seq, emoji: '👍' })).type, 'posted');
  await ada.message('hello json').getByRole('button', { name: /Json/ }).waitFor();
  assert.notEqual((await client.send('mark_read', { room_id: room, seq: event.seq })).type, 'error');
  await ada.page.getByRole('article', { name: /hello json.*Read$/ }).waitFor();
  assert.notEqual((await client.send('presence_update', { status: 'busy' })).type, 'error');
  client.post('typing', { room_id: room }); // not answered
  await ada.page.getByText(/Json is typing/).first().waitFor();
  const file = { room_id: room, file_url: 'https://example.org/a', file_name: 'a', file_size: 1 };
  assert.equal((await client.send('share_file', file)).code, 'unsupported');
  assert.notEqual((await client.send('leave_room', { room_id: room })).type, 'error');
  await ada.page.getByText(/Json left/).first().waitFor();
  client.socket.close();
});

// Starts it, has it draw until everything is here, and ends it.
async function desktopPicture(name, ...options) {
  const picture = artefact(name);
  const before = existsSync(picture) ? statSync(picture).mtimeMs : 0;
  await run(
    'xvfb-run',
    [
      '-a', '-s', '-screen 0 1400x900x24', nativeProgram(), '--server', server.socketUrl, '--name', 'Native',
      '--store', join(server.folder, 'native.db'), '--screenshot', picture, ...options,
    ],
    { timeout: 60_000 },
  );
  assert.ok(statSync(picture).mtimeMs > before, 'a new picture');
  assert.ok(statSync(picture).size > 10_000, 'with something in it');
}

test('the desktop client shows the room', async () => {
  await ada.send('hello desktop');
  await ada.seesSent('hello desktop');
  await desktopPicture('native.png');
  await ada.page.getByText('Native joined').first().waitFor();
});

test('the desktop client reads in a private room that it was let into while it was away', async () => {
  await ada.createPrivateRoom('Greenhouse', ['Native']);
  await ada.send('for the desktop');
  await ada.seesSent('for the desktop');
  await desktopPicture('native-private.png', '--room', 'Greenhouse');
  await ada.page.getByRole('article', { name: /for the desktop.*Read$/ }).waitFor();
  await ada.close();
});
