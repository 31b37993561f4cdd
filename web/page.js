// The document around the canvas: which screen shows, the login form, title, address, colours,
// notifications, links and what screen readers are told.
import { PacketReader } from './packet.js';

const screens = ['loading', 'login', 'main']; // client::Screen
const maxNameCharacters = 80; // wire::kMaxNameCharacters

export class Page {
  constructor(bridge) {
    this.bridge = bridge;
    this.root = document.documentElement;
    this.form = document.getElementById('login-form');
    this.nameField = document.getElementById('login-name');
    this.submit = document.getElementById('login-submit');
    this.error = document.getElementById('login-error');
    this.announcer = document.getElementById('announcer');
    this.ready = false; // the client runs; before that the form's answer is kept
    this.submitted = null;
    this.pictureIsDue = false; // the client's main screen waits for its first frame
    this.title = document.title;
    this.unread = 0;
    this.screen = this.root.dataset.screen;
    if (this.screen === 'login') this.show('login');

    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.signIn(this.nameField.value.trim());
    });
    if (this.root.dataset.submitted) this.signIn(this.nameField.value.trim());
    window.addEventListener('popstate', () => bridge.call('parley_navigate', location.pathname));
  }

  // ---- login ----

  signIn(name) {
    const problem = problemOf(name);
    if (problem !== '') {
      this.showError(problem);
      this.nameField.focus();
      return;
    }
    this.showError('');
    this.setBusy(true);
    if (this.ready) this.bridge.call('parley_sign_in', name);
    else this.submitted = name;
  }

  // A new client starts and will say which screen it has.
  expectClient() {
    this.ready = false;
    this.pictureIsDue = false;
    this.screen = this.root.dataset.screen === 'login' ? 'login' : 'loading';
  }

  clientIsReady() {
    this.ready = true;
    if (this.submitted !== null && this.screen === 'login') this.bridge.call('parley_sign_in', this.submitted);
    this.submitted = null;
  }

  setBusy(busy) {
    this.submit.disabled = busy;
    this.submit.textContent = busy ? 'Signing in …' : 'Start chatting';
    this.form.setAttribute('aria-busy', String(busy));
  }

  showError(text) {
    if (this.error.textContent !== text) this.error.textContent = text;
    this.nameField.setAttribute('aria-invalid', String(text !== ''));
  }

  // Layout in wasm/host.hpp.
  showScreen(packet) {
    const reader = new PacketReader(packet);
    const screen = screens[reader.u8()];
    const busy = reader.flag();
    const error = reader.text();
    const suggestion = reader.text();
    const server = reader.text();
    this.setUnread(reader.u32());
    if (screen === 'login') {
      this.setElsewhere(null);
      this.setBusy(busy || this.submitted !== null);
      this.showError(error);
      if (suggestion !== '' && this.nameField.value === '') this.nameField.value = suggestion;
      document.getElementById('login-server').textContent = server === '' ? '' : `Server: ${server}`;
    }
    if (screen === this.screen || screen === 'loading') return;
    this.screen = screen;
    remember('parley.signedIn', screen === 'main' ? '1' : null);
    // The main screen shows with its first picture (main.js), so that nothing flashes.
    this.pictureIsDue = screen === 'main';
    if (screen === 'login') this.show('login');
    else {
      this.setBusy(false);
      this.requestPicture();
    }
  }

  show(screen) {
    this.root.dataset.screen = screen;
    this.setElsewhere(null);
    // A keyboard that jumps up unasked is a nuisance on phones.
    if (screen === 'login' && matchMedia('(pointer: fine)').matches) this.nameField.focus();
    if (screen === 'main' && this.form.contains(document.activeElement)) document.activeElement.blur();
  }

  // Set by main.js.
  requestPicture() {}

  // True when the main screen has just become visible.
  pictureIsDrawn() {
    if (!this.pictureIsDue) return false;
    this.pictureIsDue = false;
    this.show('main');
    return true;
  }

  // Without a screen from the client there is nothing to draw; the picture of an earlier one stays.
  get isDrawable() {
    return this.screen !== 'loading';
  }

  // ---- other tabs ----

  // 'active': another tab is in use; 'ending': it was until now; null: this one is in use.
  setElsewhere(state) {
    const { dataset } = this.root;
    if (state === 'active' && dataset.screen !== 'notice') dataset.elsewhere = state;
    else if (state === 'ending' && dataset.elsewhere) dataset.elsewhere = state;
    else if (state === null) delete dataset.elsewhere;
    for (const id of ['stage', 'login']) document.getElementById(id).inert = 'elsewhere' in dataset;
    if (state === 'active') document.title = this.title; // the other tab counts
  }

  // ---- progress and trouble ----

  setProgress(fraction) {
    const bar = document.getElementById('progress');
    bar.value = fraction;
    bar.hidden = fraction >= 1;
  }

  // A view in place of the client. `button` may be null.
  showNotice(title, text, button, act) {
    document.getElementById('notice-title').textContent = title;
    document.getElementById('notice-text').textContent = text;
    const element = document.getElementById('notice-button');
    element.hidden = !button;
    element.textContent = button ?? '';
    element.onclick = act ?? null;
    this.root.dataset.screen = 'notice';
    if (button) element.focus();
  }

  // ---- from the client ----

  setColors(rgb, dark) {
    const color = `#${rgb.toString(16).padStart(6, '0')}`;
    this.root.style.setProperty('--background', color);
    this.root.dataset.theme = dark ? 'dark' : 'light';
    document.querySelector('meta[name=theme-color]').content = color;
    remember('parley.theme', dark ? 'dark' : 'light'); // boot.js paints with it the next time
  }

  setTitle(title, unread) {
    this.title = title;
    this.unread = unread;
    this.showTitle();
  }
  setUnread(unread) {
    if (unread === this.unread) return;
    this.unread = unread;
    this.showTitle();
  }
  showTitle() {
    document.title = this.unread > 0 ? `(${this.unread}) ${this.title}` : this.title;
    navigator.setAppBadge?.(this.unread).catch(() => {});
  }

  pushUrl(path) {
    if (path === location.pathname) history.replaceState(null, '', path);
    else history.pushState(null, '', path);
  }

  openLink(url) {
    if (!/^(https?:|mailto:)/i.test(url)) return;
    const link = document.createElement('a');
    link.href = url;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    link.click();
  }

  announce(text) {
    const line = document.createElement('p');
    line.textContent = text;
    this.announcer.append(line);
    // A few are kept: a screen reader may still be reading.
    while (this.announcer.childElementCount > 5) this.announcer.firstElementChild.remove();
  }

  // ---- notifications ----

  async askNotificationPermission() {
    if ('Notification' in window) await Notification.requestPermission();
    this.bridge.call('parley_preferences_changed');
  }

  async notify(packet) {
    const reader = new PacketReader(packet);
    const path = reader.text();
    const title = reader.text();
    const options = { body: reader.text(), tag: path, icon: '/icon-192.png', data: { path } };
    if (!('Notification' in window) || Notification.permission !== 'granted') return;
    const worker = await navigator.serviceWorker?.getRegistration();
    if (worker?.active) {
      await worker.showNotification(title, options);
      return;
    }
    const shown = new Notification(title, options);
    shown.onclick = () => {
      window.focus();
      this.goTo(path);
      shown.close();
    };
  }

  goTo(path) {
    this.pushUrl(path);
    this.bridge.call('parley_navigate', path);
  }
}

function problemOf(name) {
  if (name === '') return 'Type a name that others will see.';
  if ([...name].length > maxNameCharacters) return `That name is too long: ${maxNameCharacters} characters at most.`;
  return '';
}

// Hints for the first paint only; private windows may refuse them.
function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Without it the next first paint follows the system.
  }
}
