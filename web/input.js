// Pointers, wheel and keys, from wherever on the stage they come, to the client.

const pointerKinds = { mouse: 0, touch: 1, pen: 2 };
const pointerActions = { pointermove: 0, pointerdown: 1, pointerup: 2, pointercancel: 3, pointerleave: 4 };
const buttons = [0, 2, 1]; // the browser counts primary, middle, secondary
const cursors = ['default', 'pointer', 'text', 'col-resize', 'grab'];

// ui::Key
const keys = {
  Enter: 1, Escape: 2, Tab: 3, ' ': 4, Backspace: 5, Delete: 6, ArrowLeft: 7, ArrowRight: 8, ArrowUp: 9, ArrowDown: 10,
  Home: 11, End: 12, PageUp: 13, PageDown: 14, ContextMenu: 15, F10: 16,
};
const keyLetter = 17;
const keyEnter = 1;

const wheelLinePx = 20;

export class Input {
  constructor(stage, bridge, textAgent, loop) {
    this.stage = stage;
    this.bridge = bridge;
    this.textAgent = textAgent;
    this.loop = loop;
    this.suppressMenu = false;
    for (const type of Object.keys(pointerActions)) {
      stage.addEventListener(type, (event) => this.handlePointer(event));
    }
    // Focus is the client's to give: a press on the canvas or on a mirrored button must not move it.
    stage.addEventListener('mousedown', (event) => {
      if (event.target !== textAgent.element || event.button === 0) event.preventDefault();
    });
    stage.addEventListener('contextmenu', (event) => {
      // A long press is the client's to answer.
      if (this.suppressMenu || event.pointerType === 'touch') event.preventDefault();
    });
    stage.addEventListener('wheel', (event) => this.handleWheel(event), { passive: false });
    window.addEventListener('keydown', (event) => this.handleKey(event));
    textAgent.onEnter = () => Boolean(bridge.call('parley_key', keyEnter, 0, false, 0));
  }

  handlePointer(event) {
    const action = pointerActions[event.type];
    if (event.type === 'pointerdown') {
      // Links open in a new tab by the middle button or Ctrl, as links do.
      if (event.target.closest?.('a[href]') && (event.button === 1 || event.ctrlKey || event.metaKey)) return;
      if (event.button === 0) this.stage.setPointerCapture(event.pointerId);
    }
    const used = this.bridge.call(
      'parley_pointer', action, pointerKinds[event.pointerType] ?? 0, buttons[event.button] ?? 0,
      event.clientX, event.clientY, modifiers(event),
    );
    if (event.type === 'pointerdown' && event.button === 2) {
      const inField = this.textAgent.contains(event.clientX, event.clientY);
      if (inField) this.textAgent.moveUnder(event.clientX, event.clientY);
      // A link's own menu offers to copy its address.
      this.suppressMenu = !inField && Boolean(used) && !event.target.closest?.('a[href]');
    }
    // A phone opens its keyboard only while the tap is being handled.
    if (event.type === 'pointerup' && event.pointerType !== 'mouse') this.loop.drawNow();
  }

  handleWheel(event) {
    if (event.ctrlKey) return; // the browser's zoom
    event.preventDefault();
    const unit = event.deltaMode === 1 ? wheelLinePx : event.deltaMode === 2 ? this.stage.clientHeight : 1;
    const [dx, dy] = event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    this.bridge.call('parley_wheel', event.clientX, event.clientY, dx * unit, dy * unit, modifiers(event));
  }

  handleKey(event) {
    if (event.target !== document.body && !this.stage.contains(event.target)) return;
    // 229: a key that an input method took.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter') this.textAgent.offeredEnter = true;
    const [key, letter] = keyOf(event);
    if (this.bridge.call('parley_key', key, letter, event.repeat, modifiers(event))) event.preventDefault();
  }

  setCursor(shape) {
    this.stage.style.cursor = cursors[shape] ?? 'default';
  }
}

function modifiers(event) {
  return (event.shiftKey ? 1 : 0) | (event.ctrlKey || event.metaKey ? 2 : 0) | (event.altKey ? 4 : 0);
}

// Letters by what is printed on the key where that is Latin, else by the key's place.
function keyOf(event) {
  if (event.key in keys) return [keys[event.key], 0];
  const place = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1] ?? (event.code === 'Slash' ? '/' : '');
  const latin = /^[\x21-\x7e]$/.test(event.key) && !event.shiftKey && !event.altKey;
  const letter = latin ? event.key : place || (/^[\x21-\x7e]$/.test(event.key) ? event.key : '');
  return letter ? [keyLetter, letter.toLowerCase().charCodeAt(0)] : [0, 0];
}
