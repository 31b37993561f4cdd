// Who holds the right to the connection and the store, among the tabs of one browser.

// A Web Lock: the browser passes it on when its holder closes or crashes.
export class LockedRight {
  constructor() {
    this.release = null;
  }

  // Set by the owner: another tab took it by force.
  onSeized() {}

  // True: held from now on. False: somebody else has it.
  tryHold() {
    return this.request({ ifAvailable: true });
  }

  // Waits for it; false when `signal` ended the wait.
  hold(signal) {
    return this.request({ signal });
  }

  seize() {
    return this.request({ steal: true });
  }

  // True when nobody holds it any more; false when `signal` ended the wait.
  async freed(signal) {
    try {
      await navigator.locks.request(lockName, { signal }, () => {});
      return true;
    } catch {
      return false;
    }
  }

  drop() {
    this.release?.();
    this.release = null;
  }

  request(options) {
    return new Promise((resolve) => {
      let mine = null;
      const keep = (lock) => {
        if (!lock) return resolve(false);
        return new Promise((release) => {
          mine = this.release = release;
          resolve(true);
        });
      };
      navigator.locks.request(lockName, options, keep).catch(() => {
        resolve(false);
        if (mine === null || mine !== this.release) return;
        this.release = null;
        this.onSeized();
      });
    });
  }
}

// Pages served without TLS have no Web Locks. There the tabs tell each other; who is silent holds nothing.
export class SpokenRight {
  constructor(channel) {
    this.channel = channel;
    this.held = false;
    channel.addEventListener('message', ({ data }) => {
      if (data.type === 'ask' && this.held) this.say('held');
    });
    window.addEventListener('pagehide', () => this.drop());
  }

  onSeized() {} // the owner hears the wish of the other tab, sooner or later

  async tryHold() {
    if (await this.isHeld()) return false;
    return this.seize();
  }

  async hold(signal) {
    const freed = this.freed(signal);
    if ((await this.isHeld()) && !(await freed)) return false;
    return this.seize();
  }

  async seize() {
    this.held = true;
    return true;
  }

  freed(signal) {
    return this.told('free', signal);
  }

  drop() {
    if (this.held) this.say('free');
    this.held = false;
  }

  isHeld() {
    const answer = this.told('held', AbortSignal.timeout(silenceMs));
    this.say('ask');
    return answer;
  }

  say(type) {
    this.channel.postMessage({ type });
  }

  // True when another tab says it; false when `signal` comes first.
  told(type, signal) {
    return new Promise((resolve) => {
      const end = (heard) => {
        this.channel.removeEventListener('message', listen);
        resolve(heard);
      };
      const listen = ({ data }) => {
        if (data.type === type) end(true);
      };
      this.channel.addEventListener('message', listen);
      signal.addEventListener('abort', () => end(false));
      if (signal.aborted) end(false);
    });
  }
}

const lockName = 'parley-owner';
const silenceMs = 150;
