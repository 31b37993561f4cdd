// One tab owns the connection and the store; the others say so and follow when it closes.
//
// The right is a Web Lock: the browser gives it on when its holder closes or crashes. "Use here" asks the
// owner over a BroadcastChannel to finish writing and let go, and takes the lock by force from an owner
// that does not answer. Pages served without TLS have no Web Locks: there the newest tab wins.

const name = 'parley-owner';
const answerMs = 1000;

export class Owner {
  constructor() {
    this.channel = new BroadcastChannel(name);
    this.release = null; // gives the lock back
    this.onLost = () => {}; // may return a promise: what must be finished first
    this.channel.onmessage = ({ data }) => {
      if (data === 'yield' && this.release) this.give();
    };
  }

  // Resolves to true when this tab owns everything now.
  async tryAcquire() {
    if (!navigator.locks) {
      this.release = () => {};
      this.channel.postMessage('yield');
      return true;
    }
    return this.request({ ifAvailable: true });
  }

  // Resolves when the owner has gone.
  waitForTurn() {
    return this.request({});
  }

  takeOver() {
    if (!navigator.locks) {
      location.reload();
      return;
    }
    this.channel.postMessage('yield');
    setTimeout(() => {
      if (!this.release) this.request({ steal: true });
    }, answerMs);
  }

  request(options) {
    return new Promise((resolve) => {
      navigator.locks
        .request(name, options, (lock) => {
          if (!lock) {
            resolve(false);
            return undefined;
          }
          return new Promise((release) => {
            this.release = release;
            resolve(true);
            this.onAcquired?.();
          });
        })
        // Another tab took it by force.
        .catch(() => {
          if (this.release) this.give();
        });
    });
  }

  async give() {
    const release = this.release;
    this.release = null;
    await this.onLost();
    release();
  }
}
