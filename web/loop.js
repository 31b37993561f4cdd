// Frames and timers. A frame is drawn only when the client asked for one: nothing runs on an idle page.

export class Loop {
  constructor(bridge, surface) {
    this.bridge = bridge;
    this.surface = surface;
    this.frameRequest = 0;
    this.timer = 0;
    this.onFrame = () => {};
  }

  // Called by the client at the end of each of its turns. A hidden page gets no animation frames, so
  // what is requested there is drawn when it is shown again.
  schedule(frame, delayMs) {
    clearTimeout(this.timer);
    this.timer = 0;
    if (delayMs >= 0) {
      this.timer = setTimeout(() => this.bridge.call('parley_wake'), Math.min(delayMs, 0x7fffffff));
    }
    if (frame) this.requestFrame();
  }

  requestFrame() {
    if (this.frameRequest !== 0) return;
    this.frameRequest = requestAnimationFrame(() => {
      this.frameRequest = 0;
      this.draw();
    });
  }

  // At once instead of with the next animation frame: for phones, which open the keyboard only inside a tap,
  // and for focus that must be in its place before the next key.
  drawNow() {
    if (document.hidden) return;
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    this.draw();
  }

  draw() {
    const { width, height, ratio, insetTop, insetBottom, canvasWidth, canvasHeight } = this.surface.measure();
    if (canvasWidth === 0 || canvasHeight === 0 || this.surface.lost) return;
    this.bridge.call('parley_frame', width, height, ratio, insetTop, insetBottom, canvasWidth, canvasHeight);
    this.onFrame();
  }

  stop() {
    cancelAnimationFrame(this.frameRequest);
    clearTimeout(this.timer);
  }
}
