// The interface in DOM elements: invisible, laid exactly over what is drawn, for screen readers and tests.
//
// The client sends only what changed (layout in wasm/mirror.hpp). A real pointer's events bubble to the stage
// and go to the client by their position; clicks without a pointer (a screen reader's, Enter's) and
// changed values come back as semantic actions.
import { PacketReader } from './packet.js';

// ui::SemanticRole in order: [tag, role attribute or null when the tag says it, shows its label as text].
const roles = [
  ['div', null, false], // application: the root
  ['header', 'banner', false],
  ['nav', null, false],
  ['main', null, false],
  ['aside', 'complementary', false],
  ['form', 'form', false],
  ['div', 'search', false],
  ['div', 'list', false],
  ['div', 'listitem', true],
  ['div', 'log', false],
  ['article', null, true],
  ['div', 'separator', false],
  ['div', 'heading', true],
  ['span', null, true],
  ['button', null, false],
  ['a', null, false],
  ['input', null, false],
  ['textarea', null, false],
  ['input', 'searchbox', false],
  ['div', 'checkbox', false],
  ['div', 'switch', false],
  ['div', 'radiogroup', false],
  ['div', 'radio', false],
  ['div', 'slider', false],
  ['div', 'tablist', false],
  ['div', 'tab', false],
  ['div', 'menu', false],
  ['div', 'menuitem', false],
  ['div', 'listbox', false],
  ['div', 'option', false],
  ['div', 'dialog', false],
  ['div', 'alertdialog', false],
  ['div', 'status', true],
  ['div', 'alert', true],
  ['div', 'img', false],
  ['div', 'grid', false],
  ['div', 'toolbar', false],
  ['div', 'group', false],
  ['div', 'tooltip', true],
];
const roleText = 13;
const roleButton = 14;
const roleLink = 15;
const roleDialog = 30;
const roleAlertDialog = 31;
const roleHeading = 12;
const roleLog = 9;
const roleSlider = 23;

// flags_of() of wasm/mirror.cpp, in its order.
const flagNames = [
  'focusable', 'focused', 'disabled', 'checkable', 'checked', 'selectable', 'selected', 'expandable', 'expanded',
  'readOnly', 'busy', 'invalid', 'canActivate', 'canSetValue', 'canAdjust', 'canScroll', 'hasMenu',
];
const flag = Object.fromEntries(flagNames.map((name, index) => [name, 1 << index]));

// ui::SemanticActionKind
const action = { activate: 0, setValue: 1, focus: 2, increment: 4, decrement: 5 };

export class Mirror {
  constructor(root, bridge, textAgent, loop) {
    this.root = root;
    this.bridge = bridge;
    this.textAgent = textAgent;
    this.loop = loop;
    this.nodes = new Map(); // handle -> {element, text, role, flags}
    this.applying = false;
    this.standsIn = null; // the mirrored field whose place the text agent has taken
    this.agentOwner = null; // the element that this field is a child of

    root.addEventListener('click', (event) => this.handleClick(event));
    root.addEventListener('focusin', (event) => this.handleFocus(event));
    root.addEventListener('input', (event) => {
      const node = this.nodeOf(event.target);
      if (node?.flags & flag.canSetValue) this.act(node, action.setValue, event.target.value);
    });
    // Values of sliders and lists by a screen reader's own commands.
    root.addEventListener('keydown', (event) => this.handleKey(event));
  }

  nodeOf(element) {
    const holder = element?.closest?.('[data-handle]');
    return holder ? this.nodes.get(Number(holder.dataset.handle)) : undefined;
  }

  act(node, kind, text = '') {
    this.bridge.call('parley_semantic_action', node.handle, kind, text);
  }

  // For a new client, which knows nothing of these elements.
  clear() {
    this.root.replaceChildren();
    this.nodes.clear();
    this.standsIn = null;
    this.agentOwner = null;
  }

  // ---- from assistive technology ----

  handleClick(event) {
    if (event.detail !== 0) {
      // A pointer's click: the client has had it from pointerup. A plain one must not follow the link too.
      if (event.target.closest('a[href]') && !event.ctrlKey && !event.metaKey) event.preventDefault();
      return;
    }
    const node = this.nodeOf(event.target);
    if (!node) return;
    if (node.role === roleLink && node.element.hasAttribute('href')) return; // it opens by itself
    event.preventDefault();
    this.act(node, action.activate);
  }

  handleFocus(event) {
    if (this.applying) return;
    const node = this.nodeOf(event.target);
    if (!node) return;
    const { element } = node;
    this.act(node, action.focus);
    if (!(node.flags & flag.canSetValue)) return;
    // The text agent takes over before the next key, with what was selected here.
    const [start, end] = [element.selectionStart, element.selectionEnd];
    this.loop.drawNow();
    if (document.activeElement === this.textAgent.element && end > start) {
      this.textAgent.element.setSelectionRange(start, end);
      this.textAgent.report();
    }
  }

  handleKey(event) {
    const node = this.nodeOf(event.target);
    if (!node || !(node.flags & flag.canAdjust)) return;
    if (event.key === 'ArrowRight' || event.key === 'ArrowUp') this.act(node, action.increment);
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowDown') this.act(node, action.decrement);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- from the client ----

  apply(packet) {
    this.applying = true;
    try {
      this.patch(new PacketReader(packet));
    } finally {
      this.applying = false;
    }
  }

  patch(reader) {
    for (let count = reader.u32(); count > 0; count--) this.remove(reader.u32());
    const whole = reader.flag();
    const cursors = new Map(); // parent element -> where its next child belongs
    let focused = null;
    for (let count = reader.u32(); count > 0; count--) {
      const handle = reader.u32();
      const parent = reader.u32();
      const changed = reader.flag();
      if (changed) this.update(handle, readNode(reader), cursors);
      const node = this.nodes.get(handle);
      if (whole) this.place(node, parent, cursors);
      if (changed && node.flags & flag.focused) focused = node;
    }
    this.followField(reader.u32());
    if (focused) this.followFocus(focused);
  }

  remove(handle) {
    const node = this.nodes.get(handle);
    if (!node) return;
    node.element.remove();
    this.nodes.delete(handle);
    if (this.standsIn === node) this.standsIn = null;
  }

  // Puts the element behind the ones placed before it. Elements that stay in order are not touched.
  place(node, parentHandle, cursors) {
    const parent = parentHandle === 0 ? this.root : this.nodes.get(parentHandle).element;
    const before = cursors.has(parent) ? cursors.get(parent) : firstElement(parent);
    if (before === node.element) {
      cursors.set(parent, before.nextElementSibling);
    } else {
      this.moveCursors(cursors, node.element, node.element.nextElementSibling);
      parent.insertBefore(node.element, before);
      cursors.set(parent, before);
    }
  }

  // A cursor at an element that goes elsewhere, or is replaced, goes on with `next`.
  moveCursors(cursors, element, next) {
    const parent = element.parentElement;
    if (parent && cursors.get(parent) === element) cursors.set(parent, next);
  }

  update(handle, data, cursors) {
    let node = this.nodes.get(handle);
    if (!node || node.role !== data.role) {
      const old = node?.element;
      node = this.create(handle, data.role);
      if (old) {
        node.element.append(...[...old.children].filter((child) => child.dataset.handle));
        this.moveCursors(cursors, old, node.element);
        old.replaceWith(node.element);
      }
      this.nodes.set(handle, node);
    }
    node.flags = data.flags;
    node.label = data.label;
    writeRect(node.element, data.rect);
    writeWords(node, data);
    writeState(node, data);
  }

  create(handle, role) {
    const [tag, roleName, showsText] = roles[role] ?? roles[roleText];
    const element = document.createElement(tag);
    if (roleName) element.setAttribute('role', roleName);
    element.dataset.handle = String(handle);
    if (tag === 'button') element.type = 'button';
    if (tag === 'input' || tag === 'textarea') {
      element.autocomplete = 'off';
      element.spellcheck = false;
    }
    if (role === roleLink) {
      element.target = '_blank';
      element.rel = 'noopener noreferrer';
    }
    if (role === roleDialog || role === roleAlertDialog) element.setAttribute('aria-modal', 'true');
    // New messages are told by the announcer; scrolling would otherwise read out old ones.
    if (role === roleLog) element.setAttribute('aria-live', 'off');
    let text = null;
    if (showsText) {
      text = document.createElement('span');
      text.className = 'mirror-text';
      element.append(text);
    }
    return { handle, role, element, text, flags: 0, label: '' };
  }

  // The focused field exists once: as the text agent.
  followField(handle) {
    const field = this.nodes.get(handle) ?? null;
    if (field !== this.standsIn) {
      this.standsIn?.element.removeAttribute('hidden');
      this.standsIn = field;
      field?.element.setAttribute('hidden', '');
    }
    const owner = field?.element.parentElement ?? null;
    if (owner !== this.agentOwner) {
      this.agentOwner?.removeAttribute('aria-owns');
      this.agentOwner = owner;
      // To a screen reader it is where the field was: inside the dialog, if there is one.
      owner?.setAttribute('aria-owns', this.textAgent.element.id);
    }
    if (!field) return;
    for (const name of ['role', 'aria-description', 'aria-invalid']) {
      setAttribute(this.textAgent.element, name, field.element.getAttribute(name));
    }
  }

  // Screen readers go where the client's focus is.
  followFocus(node) {
    if (node.flags & flag.canSetValue || this.textAgent.focused) return;
    if (document.activeElement !== node.element && node.flags & flag.focusable) {
      node.element.focus({ preventScroll: true });
    }
  }
}

function readNode(reader) {
  return {
    role: reader.u8(),
    flags: reader.u32(),
    rect: reader.rect(),
    label: reader.text(),
    value: reader.text(),
    description: reader.text(),
    level: reader.u8(),
    position: reader.i32(),
    setSize: reader.i32(),
    minimum: reader.f32(),
    maximum: reader.f32(),
    now: reader.f32(),
  };
}

// The element's own text comes before its children and is not one of them.
function firstElement(parent) {
  const first = parent.firstElementChild;
  return first?.className === 'mirror-text' ? first.nextElementSibling : first;
}

function setAttribute(element, name, value) {
  if (value === null) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== value) {
    element.setAttribute(name, value);
  }
}

function writeRect(element, rect) {
  const { style } = element;
  style.left = `${rect.x}px`;
  style.top = `${rect.y}px`;
  style.width = `${rect.w}px`;
  style.height = `${rect.h}px`;
}

function writeWords({ element, text, role, flags }, data) {
  if (text && text.textContent !== data.label) text.textContent = data.label;
  // Plain text and live regions speak by their content; the others by their name.
  const named = data.label !== '' && role !== roleText && role !== roleHeading;
  setAttribute(element, 'aria-label', named ? data.label : null);
  setAttribute(element, 'aria-description', data.description || null);
  if (role === roleLink) {
    if (/^(https?:|mailto:)/i.test(data.value)) setAttribute(element, 'href', data.value);
    else setAttribute(element, 'href', null);
    setAttribute(element, 'role', element.hasAttribute('href') ? null : 'link');
  } else if (flags & flag.canSetValue || 'value' in element && element.tagName !== 'BUTTON') {
    if (element.value !== data.value) element.value = data.value;
  } else if (role === roleSlider) {
    setAttribute(element, 'aria-valuetext', data.value || null);
    setAttribute(element, 'aria-valuemin', String(data.minimum));
    setAttribute(element, 'aria-valuemax', String(data.maximum));
    setAttribute(element, 'aria-valuenow', String(data.now));
  }
  setAttribute(element, 'aria-level', data.level > 0 ? String(data.level) : null);
  setAttribute(element, 'aria-posinset', data.setSize > 0 ? String(data.position) : null);
  setAttribute(element, 'aria-setsize', data.setSize > 0 ? String(data.setSize) : null);
}

function writeState({ element, role }, { flags }) {
  const state = (name, relevant, on) => setAttribute(element, name, relevant ? String(Boolean(on)) : null);
  // A button that stays down is pressed; everything else with two states is checked.
  state(role === roleButton ? 'aria-pressed' : 'aria-checked', flags & flag.checkable, flags & flag.checked);
  state('aria-selected', flags & flag.selectable, flags & flag.selected);
  state('aria-expanded', flags & flag.expandable, flags & flag.expanded);
  state('aria-busy', flags & flag.busy, true);
  state('aria-invalid', flags & flag.invalid, true);
  state('aria-readonly', flags & flag.readOnly, true);
  setAttribute(element, 'aria-haspopup', flags & flag.hasMenu ? 'menu' : null);
  setAttribute(element, 'tabindex', flags & flag.focusable ? '0' : null);
  if ('disabled' in element) element.disabled = Boolean(flags & flag.disabled);
  else state('aria-disabled', flags & flag.disabled, true);
}
