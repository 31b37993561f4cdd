// The tab in use owns the connection and the store; the others keep their last picture and wait.
//
// A tab takes over when its person comes to it: it becomes focused while it is visible, or "Use here" is
// pressed. Nothing else takes from an owner, so two windows side by side do not fight, and a hidden tab never
// does. The owner that is asked finishes writing before it lets go; from one that does not answer the right is
// taken by force. When the owner closes or crashes another tab follows, after a grace in which a reload is back:
// a visible one, else a hidden one, so that notifications go on. If two tabs want it at the same time, the later
// wish counts.
import { LockedRight, SpokenRight } from './right.js';

const answerMs = 400; // a tab that is alive says in this time that it is letting go
const settleMs = 3000; // and then has this long to finish writing
const graceMs = 500;
const hiddenGraceMs = 2000;

export class Owner {
  // `on.taking()`: soon this tab's; `on.taken()`: now it is. `on.lost()` resolves when all that this tab has to
  // write is written; `on.following()`: another tab is in use.
  constructor(on) {
    this.on = on;
    this.state = 'following'; // taking, owning, yielding
    this.wishedAt = 0;
    this.personIsBack = false; // while this tab was still letting go
    this.waiting = null; // aborts the wait for an owner's end
    this.patience = null;
    this.channel = new BroadcastChannel('parley-owner');
    this.channel.addEventListener('message', ({ data }) => this.hear(data));
    this.right = navigator.locks ? new LockedRight() : new SpokenRight(this.channel);
    this.right.onSeized = () => this.give();
  }

  async begin() {
    window.addEventListener('focus', () => this.personMayBeHere());
    document.addEventListener('visibilitychange', () => this.personMayBeHere());
    window.addEventListener('pageshow', ({ persisted }) => {
      if (persisted) location.reload(); // kept in memory since it was left: what it knows is old
    });
    // Nothing is taken from anybody when there is no owner: that may happen out of sight.
    if (personIsHere()) this.take();
    else if (!(await this.tryOwn()) && this.state === 'following') this.follow();
  }

  personMayBeHere() {
    if (personIsHere()) {
      if (this.state === 'yielding') this.personIsBack = true;
      else this.take();
    } else if (this.state === 'following') {
      this.waitForEnd();
    }
  }

  hear({ type, at }) {
    if (type === 'yielding' && this.state === 'taking') this.patience.extend(settleMs);
    if (type !== 'yield' || at < this.wishedAt) return;
    if (this.state === 'owning') this.give();
    if (this.state === 'taking') this.follow();
  }

  async take() {
    if (this.state !== 'following') return;
    this.state = 'taking';
    this.personIsBack = false;
    this.waiting?.abort();
    this.wishedAt = Date.now() + Math.random();
    this.on.taking();
    const patience = new Patience(answerMs);
    this.patience = patience;
    this.channel.postMessage({ type: 'yield', at: this.wishedAt });
    const wanted = () => this.state === 'taking' && this.patience === patience;
    let held = await this.right.hold(patience.signal);
    patience.end();
    if (!held && wanted()) held = await this.right.seize();
    if (wanted()) this.own();
    else if (held) this.right.drop();
  }

  async tryOwn() {
    if (!(await this.right.tryHold())) return false;
    if (this.state === 'following') this.own();
    else this.right.drop();
    return true;
  }

  own() {
    this.state = 'owning';
    this.on.taken();
  }

  async give() {
    if (this.state !== 'owning') return;
    this.state = 'yielding';
    this.channel.postMessage({ type: 'yielding' });
    await this.on.lost();
    this.right.drop();
    this.follow();
  }

  follow() {
    this.state = 'following';
    this.patience?.end();
    this.on.following();
    if (this.personIsBack) this.take();
    else this.waitForEnd();
  }

  async waitForEnd() {
    this.waiting?.abort();
    const { signal } = (this.waiting = new AbortController());
    while (await this.right.freed(signal)) {
      await new Promise((resolve) => setTimeout(resolve, document.hidden ? hiddenGraceMs : graceMs));
      if (signal.aborted) return;
      if (await this.tryOwn()) return;
    }
  }
}

function personIsHere() {
  return !document.hidden && document.hasFocus();
}

// A signal that comes after a while, which can be made longer.
class Patience {
  constructor(ms) {
    this.controller = new AbortController();
    this.extend(ms);
  }
  get signal() {
    return this.controller.signal;
  }
  extend(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.controller.abort(), ms);
  }
  end() {
    clearTimeout(this.timer);
    this.controller.abort();
  }
}
