// The real server on a free port, with a folder of its own. Ended by its own process id.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { serverProgram, webFolder } from './paths.mjs';

// All that it has to say; and a test writes faster than a person: limits have tests of their own.
const settings = [
  '--log.level=debug',
  '--limits.messages_per_second_burst=0',
  '--limits.messages_per_minute=0',
  '--limits.requests_per_minute_per_user=0',
  '--limits.sign_ins_per_minute_per_address=0',
  '--limits.rooms_per_day=0',
];

export class Server {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'parley-e2e-'));
    this.port = 0;
    this.process = null;
    this.log = [];
  }

  static async start() {
    const server = new Server();
    await server.run();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }
  get socketUrl() {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  // Starts it, or starts it again on the same port with the same data.
  async run() {
    const data = join(this.folder, 'parley.db');
    this.process = spawn(
      serverProgram(),
      ['serve', '--port', String(this.port), '--web', webFolder(), '--data', data, ...settings],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PARLEY_CONFIG: '' } },
    );
    createInterface({ input: this.process.stderr }).on('line', (line) => this.log.push(line));
    const ready = new Promise((resolve, reject) => {
      createInterface({ input: this.process.stdout }).on('line', (line) => {
        const port = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
        if (port) resolve(Number(port));
      });
      this.process.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${this.log.join('\n')}`)));
    });
    this.port = await ready;
  }

  async stop(signal = 'SIGTERM') {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    await ended;
  }

  // Of a server that is down: no token that it gave out counts any more, as after two hours without it.
  voidTokens() {
    const script = 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); '
      + 'assert db.execute("DELETE FROM settings WHERE key = \'token_key\'").rowcount == 1; db.commit()';
    execFileSync('python3', ['-c', script, join(this.folder, 'parley.db')]);
  }

  async close() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
