// The one real text field: nearly invisible, at the caret, owner of the focused field's text, selection and
// composition. Keyboards, input methods, dictation, autocorrect and emoji pickers work on it as on any
// field of a page; whatever they leave in it is reported to the client as a whole.
import { PacketReader } from './packet.js';

export class TextAgent {
  constructor(element, bridge) {
    this.element = element;
    this.bridge = bridge;
    this.field = 0; // the client's number of the focused field; 0: none
    this.multiLine = false;
    this.rect = null; // of the field as drawn
    this.caret = null;
    this.composing = null; // {start, end} in UTF-16 units
    this.applying = false; // our own changes are not the person's
    this.offeredEnter = false; // this Enter went through keydown already
    this.reported = null;
    this.borrowed = false; // stands under the pointer for the browser's context menu
    this.onEnter = () => false;

    element.addEventListener('beforeinput', (event) => this.handleBeforeInput(event));
    element.addEventListener('input', (event) => this.handleInput(event));
    element.addEventListener('compositionstart', () => this.beginComposition());
    element.addEventListener('compositionupdate', (event) => this.updateComposition(event.data));
    element.addEventListener('compositionend', () => {
      this.composing = null;
      this.report();
    });
    document.addEventListener('selectionchange', () => {
      if (this.focused) this.report();
    });
    element.addEventListener('select', () => this.report());
    element.addEventListener('keyup', () => {
      this.offeredEnter = false;
    });
    element.addEventListener('blur', () => {
      this.composing = null;
    });
  }

  get focused() {
    return this.field !== 0 && document.activeElement === this.element;
  }
  get hasSelection() {
    return this.focused && this.element.selectionStart !== this.element.selectionEnd;
  }

  // What the client says about its focused field; nothing: none has the focus. Layout in wasm/platform.cpp.
  apply(packet) {
    this.applying = true;
    try {
      if (packet.length === 0) this.release();
      else this.take(new PacketReader(packet));
    } finally {
      this.applying = false;
    }
  }

  // The stage has become visible: nothing could be focused before.
  regainFocus() {
    if (this.field !== 0 && document.activeElement !== this.element) this.element.focus({ preventScroll: true });
  }

  release() {
    if (this.field === 0) return;
    this.field = 0;
    this.composing = null;
    this.reported = null;
    const { element } = this;
    if (document.activeElement === element) element.blur();
    element.hidden = true;
    element.value = '';
  }

  take(reader) {
    const { element } = this;
    const field = reader.u32();
    this.multiLine = reader.flag();
    const enterSends = reader.flag();
    const label = reader.text();
    const text = reader.text();
    const start = reader.u32();
    const end = reader.u32();
    this.rect = reader.rect();
    this.caret = reader.rect();

    const fresh = field !== this.field;
    this.field = field;
    element.hidden = false;
    if (element.getAttribute('aria-label') !== label) element.setAttribute('aria-label', label);
    element.setAttribute('aria-multiline', String(this.multiLine));
    element.enterKeyHint = enterSends ? 'send' : this.multiLine ? 'enter' : 'done';
    if (fresh) this.composing = null;
    // While an input method composes the field is its own; the client follows.
    // Browsers tell of a moved caret a moment later; a frame drawn in between must not put it back.
    const moved = !fresh && element.value === text && this.selectionMoved();
    if (moved) {
      queueMicrotask(() => this.report());
    } else {
      if (!this.composing) {
        if (element.value !== text) element.value = text;
        if (fresh && document.activeElement !== element) element.focus({ preventScroll: true });
        this.select(start, end);
      }
      this.reported = this.state();
    }
    if (!this.borrowed) this.place();
  }

  // By the person, since it was last reported.
  selectionMoved() {
    const { reported } = this;
    if (!reported) return false;
    const state = this.state();
    return state.text === reported.text && (state.start !== reported.start || state.end !== reported.end);
  }

  // The client's selection has an anchor and a caret; the caret may be the first of the two.
  select(anchor, caret) {
    const { element } = this;
    const [start, end] = anchor <= caret ? [anchor, caret] : [caret, anchor];
    if (element.selectionStart === start && element.selectionEnd === end) return;
    element.setSelectionRange(start, end, anchor <= caret ? 'forward' : 'backward');
  }

  // Keeps the field under the drawn caret, so that candidate windows and dictation bubbles appear there.
  // It is as small as a caret: it scrolls inside to where the text is edited.
  place() {
    const { style } = this.element;
    style.left = `${Math.round(this.caret.x)}px`;
    style.top = `${Math.round(this.caret.y)}px`;
    style.width = '2px';
    style.height = `${Math.max(16, Math.round(this.caret.h))}px`;
  }

  // For the browser's own context menu (paste, spelling): it acts on what lies under the pointer.
  moveUnder(x, y) {
    const { style } = this.element;
    this.borrowed = true;
    style.left = `${x - 12}px`;
    style.top = `${y - 12}px`;
    style.width = '24px';
    style.height = '24px';
    setTimeout(() => {
      this.borrowed = false;
      if (this.field !== 0) this.place();
    }, 400);
  }

  contains(x, y) {
    const { rect } = this;
    return this.field !== 0 && x >= rect.x && y >= rect.y && x < rect.x + rect.w && y < rect.y + rect.h;
  }

  // ---- from the person ----

  handleBeforeInput(event) {
    if (event.inputType !== 'insertLineBreak' && event.inputType !== 'insertParagraph') return;
    // Phone keyboards insert a line without a key that says so.
    if (!this.offeredEnter && !event.isComposing && this.onEnter()) {
      event.preventDefault();
      return;
    }
    if (!this.multiLine) event.preventDefault();
  }

  handleInput() {
    if (this.applying) return;
    if (!this.multiLine && /[\r\n]/.test(this.element.value)) this.flatten();
    this.report();
  }

  // Text pasted into a field of one line.
  flatten() {
    const { element } = this;
    const caret = element.selectionEnd;
    element.value = element.value.replace(/\r\n|\r|\n/g, ' ');
    element.setSelectionRange(caret, caret);
  }

  beginComposition() {
    const { selectionStart } = this.element;
    this.composing = { start: selectionStart, end: selectionStart };
  }

  // Usually the text begins where composing did. Some keyboards take a word that is there already into the
  // composition; then it is found before the caret.
  updateComposition(data) {
    const composing = this.composing ?? { start: this.element.selectionStart, end: 0 };
    this.composing = composing;
    // The event comes before the text changes: the ranges are looked up after that.
    queueMicrotask(() => {
      if (this.composing !== composing) return;
      this.locate(data ?? '');
      this.report();
    });
    composing.data = data ?? '';
  }

  locate(data) {
    const { value, selectionEnd } = this.element;
    const { composing } = this;
    if (!value.startsWith(data, composing.start)) {
      const before = selectionEnd - data.length;
      const found = value.startsWith(data, before) ? before : value.lastIndexOf(data, selectionEnd);
      if (found >= 0) composing.start = found;
    }
    composing.end = Math.min(value.length, composing.start + data.length);
  }

  state() {
    const { element } = this;
    if (this.composing?.data !== undefined) this.locate(this.composing.data);
    const backward = element.selectionDirection === 'backward';
    return {
      text: element.value,
      start: backward ? element.selectionEnd : element.selectionStart,
      end: backward ? element.selectionStart : element.selectionEnd,
      compositionStart: this.composing?.start ?? 0,
      compositionEnd: this.composing?.end ?? 0,
    };
  }

  report() {
    if (this.applying || this.field === 0) return;
    const state = this.state();
    const old = this.reported;
    if (old && Object.keys(state).every((key) => state[key] === old[key])) return;
    this.reported = state;
    this.bridge.call(
      'parley_text_input', this.field, state.text, state.start, state.end,
      state.compositionStart, state.compositionEnd,
    );
  }
}
