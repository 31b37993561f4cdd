// Frames and timers. A frame is drawn only when the client asked for one: nothing runs on an idle page.

export class Loop {
  constructor(bridge, surface) {
    this.bridge = bridge;
    this.surface = surface;
    this.frameRequest = 0;
    this.timer = 0;
    this.running = false;
    this.onFrame = () => {};
    this.isDrawable = () => true;
  }

  // Called by the client at the end of each of its turns. A hidden page gets no animation frames, so
  // what is requested there is drawn when it is shown again.
  schedule(frame, delayMs) {
    clearTimeout(this.timer);
    this.timer = 0;
    if (!this.running) return;
    if (delayMs >= 0) {
      this.timer = setTimeout(() => this.bridge.call('parley_wake'), Math.min(delayMs, 0x7fffffff));
    }
    if (frame) this.requestFrame();
  }

  requestFrame() {
    if (this.frameRequest !== 0 || !this.running) return;
    this.frameRequest = requestAnimationFrame(() => {
      this.frameRequest = 0;
      this.draw();
    });
  }

  // At once instead of with the next animation frame: for phones, which open the keyboard only inside a tap,
  // and for focus that must be in its place before the next key.
  drawNow() {
    if (document.hidden || !this.running) return;
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    this.draw();
  }

  draw() {
    if (!this.isDrawable()) return;
    const { width, height, ratio, insetTop, insetBottom, canvasWidth, canvasHeight } = this.surface.measure();
    if (canvasWidth === 0 || canvasHeight === 0 || this.surface.lost) return;
    this.bridge.call('parley_frame', width, height, ratio, insetTop, insetBottom, canvasWidth, canvasHeight);
    this.onFrame();
  }

  start() {
    this.running = true;
  }

  // What was drawn last stays on the screen.
  stop() {
    this.running = false;
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    clearTimeout(this.timer);
  }
}
