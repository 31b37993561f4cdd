// The canvas: its size in device pixels, the parts that a keyboard or a notch hides, lost contexts.

export class Surface {
  constructor(canvas, probe, bridge) {
    this.canvas = canvas;
    this.probe = probe; // carries the safe-area insets as padding
    this.bridge = bridge;
    this.lost = false;
    this.box = null; // exact device pixels, where the browser tells them
    const observer = new ResizeObserver((entries) => {
      const box = entries.at(-1).devicePixelContentBoxSize?.[0];
      this.box = box ? { width: box.inlineSize, height: box.blockSize } : null;
      this.changed();
    });
    try {
      observer.observe(canvas, { box: 'device-pixel-content-box' });
    } catch {
      observer.observe(canvas);
    }
    window.addEventListener('resize', () => this.changed());
    window.visualViewport?.addEventListener('resize', () => this.changed());
    window.visualViewport?.addEventListener('scroll', () => this.keepInPlace());
    this.watchRatio();

    canvas.addEventListener('webglcontextlost', (event) => {
      event.preventDefault();
      this.lost = true;
    });
    canvas.addEventListener('webglcontextrestored', () => {
      this.lost = false;
      bridge.call('parley_graphics_lost');
      this.changed();
    });
  }

  // A query for one ratio tells when the window moved to another monitor.
  watchRatio() {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
      'change',
      () => {
        this.changed();
        this.watchRatio();
      },
      { once: true },
    );
  }

  // Set by main.js: a frame is needed though nothing in the client changed.
  changed() {}

  // iOS moves the page up to show a focused field; the interface makes room by itself instead.
  keepInPlace() {
    if (window.visualViewport.scale === 1 && window.scrollY !== 0) window.scrollTo(0, 0);
    this.changed();
  }

  measure() {
    const { canvas } = this;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    const canvasWidth = exact(this.box?.width, width * devicePixelRatio);
    const canvasHeight = exact(this.box?.height, height * devicePixelRatio);
    if (canvas.width !== canvasWidth) canvas.width = canvasWidth;
    if (canvas.height !== canvasHeight) canvas.height = canvasHeight;
    const ratio = width > 0 ? canvasWidth / width : devicePixelRatio;
    const insets = getComputedStyle(this.probe);
    const keyboard = this.keyboardHeight(height);
    return {
      width,
      height,
      ratio,
      canvasWidth,
      canvasHeight,
      insetTop: parseFloat(insets.paddingTop) || 0,
      // The keyboard covers the home indicator.
      insetBottom: keyboard > 0 ? keyboard : parseFloat(insets.paddingBottom) || 0,
    };
  }

  keyboardHeight(height) {
    const viewport = window.visualViewport;
    if (!viewport || viewport.scale !== 1) return 0;
    const hidden = Math.round(height - viewport.height - viewport.offsetTop);
    return hidden > 1 ? hidden : 0;
  }
}

// The browser's own figure settles only how it rounded. One that is far off is older than the last change of
// the ratio, or does not know of an emulated one.
function exact(reported, computed) {
  return Math.abs(reported - computed) < 1 ? reported : Math.round(computed);
}
