// The document around the canvas: which screen shows, the login form, title, address, colours,
// notifications, links and what screen readers are told.
import { PacketReader } from './packet.js';

const screens = ['loading', 'login', 'main']; // client::Screen
const linkSteps = ['none', 'code', 'compare', 'waiting', 'done', 'failed']; // client::LinkStep
const maxNameCharacters = 80; // wire::kMaxNameCharacters

// A form of the login: its elements share the beginning of their ids.
class LoginForm {
  constructor(name, field, { command, problem, label }) {
    Object.assign(this, { command, problem, label });
    const element = (part) => document.getElementById(`${name}-${part}`);
    this.form = element('form');
    this.field = element(field);
    this.submit = element('submit');
    this.other = this.form.querySelector('.quiet'); // leads to the other form
    this.error = element('error');
  }

  showError(text) {
    if (this.error.textContent !== text) this.error.textContent = text;
    this.field.setAttribute('aria-invalid', String(text !== ''));
  }

  // `asks`: who goes on loses what is kept here.
  setBusy(busy, asks = false) {
    this.submit.disabled = busy;
    this.other.disabled = busy;
    this.submit.textContent = busy ? 'Signing in …' : asks ? 'Go on' : this.label;
    this.submit.classList.toggle('danger', asks && !busy);
    this.form.setAttribute('aria-busy', String(busy));
  }
}

// What the address names; the key of an invitation to a private room stands after the #.
export function placeOf({ pathname, hash }) {
  return pathname.startsWith('/i/') ? pathname + hash : pathname;
}

export class Page {
  constructor(bridge) {
    this.bridge = bridge;
    this.root = document.documentElement;
    this.login = document.getElementById('login');
    this.forms = {
      guest: new LoginForm('login', 'name', { command: 'parley_sign_in', problem: problemOf, label: 'Start chatting' }),
      account: new LoginForm('account', 'text', {
        command: 'parley_sign_in_with',
        problem: (text) => (text === '' ? 'Type the code, or the recovery words.' : ''),
        label: 'Sign in',
      }),
    };
    this.shown = this.forms.guest;
    this.announcer = document.getElementById('announcer');
    this.ready = false; // the client runs; before that the form's answer is kept
    this.submitted = null;
    this.pictureIsDue = false; // the client's main screen waits for its first frame
    this.title = document.title;
    this.unread = 0;
    this.screen = this.root.dataset.screen;
    if (this.screen === 'login') this.show('login');

    for (const form of Object.values(this.forms)) {
      form.form.addEventListener('submit', (event) => {
        event.preventDefault();
        this.signIn(form);
      });
      if (this.root.dataset.submitted === form.form.id) this.signIn(form);
    }
    this.forms.account.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.forms.account.form.requestSubmit();
    });
    document.getElementById('login-elsewhere').onclick = () => this.chooseForm(this.forms.account);
    document.getElementById('account-back').onclick = () => this.chooseForm(this.forms.guest);
    document.getElementById('linking-end').onclick = () => bridge.call('parley_cancel_link');
    this.takeFragment();
    window.addEventListener('hashchange', () => this.takeFragment());
    window.addEventListener('popstate', () => bridge.call('parley_navigate', placeOf(location)));
  }

  // ---- login ----

  signIn(form) {
    const text = form.field.value.trim();
    const problem = form.problem(text);
    form.showError(problem);
    if (problem !== '') {
      form.field.focus();
      return;
    }
    form.setBusy(true);
    if (this.ready) this.bridge.call(form.command, text);
    else this.submitted = { form, text };
  }

  chooseForm(form) {
    this.shown = form;
    for (const one of Object.values(this.forms)) {
      one.form.hidden = one !== form;
      one.showError('');
    }
    if (this.ready) this.bridge.call('parley_other_form');
    if (this.screen === 'login') this.focusLogin();
  }

  // A keyboard that jumps up unasked is a nuisance on phones.
  focusLogin() {
    if (matchMedia('(pointer: fine)').matches) this.shown.field.focus();
    else if (this.shown === this.forms.account) document.getElementById('account-title').focus();
  }

  // Opened by what another device shows: a code to sign in with ("/#link=CODE"), or somebody's keys to
  // compare ("/#verify=CODE"). The address forgets it.
  takeFragment() {
    const [, kind, code] = /^#(link|verify)=(.+)$/.exec(location.hash) ?? [];
    if (!code) return;
    history.replaceState(history.state, '', location.pathname);
    if (kind === 'link') {
      this.forms.account.field.value = code;
      this.chooseForm(this.forms.account);
    } else {
      this.verifyCode = code;
      this.openVerifyCode();
    }
  }

  // When there is a client to take it.
  openVerifyCode() {
    if (!this.ready || !this.verifyCode) return;
    this.bridge.call('parley_navigate', `/verify/${this.verifyCode}`);
    this.verifyCode = null;
  }

  // A new client starts and will say which screen it has.
  expectClient() {
    this.ready = false;
    this.pictureIsDue = false;
    this.screen = this.root.dataset.screen === 'login' ? 'login' : 'loading';
  }

  clientIsReady() {
    this.ready = true;
    if (this.submitted !== null && this.screen === 'login') {
      this.bridge.call(this.submitted.form.command, this.submitted.text);
    }
    this.submitted = null;
    this.openVerifyCode();
  }

  // Layout in wasm/host.hpp.
  showScreen(packet) {
    const reader = new PacketReader(packet);
    const screen = screens[reader.u8()];
    const busy = reader.flag();
    const error = reader.text();
    const asks = reader.flag();
    const suggestion = reader.text();
    const server = reader.text();
    this.setUnread(reader.u32());
    const link = { step: linkSteps[reader.u8()], text: reader.text(), signs: [] };
    for (let left = reader.u8(); left > 0; left--) link.signs.push([reader.text(), reader.text()]);
    if (screen === 'login') {
      this.setElsewhere(null);
      for (const form of Object.values(this.forms)) form.setBusy(busy || this.submitted !== null, asks && form === this.shown);
      this.shown.showError(error);
      const { field } = this.forms.guest;
      if (suggestion !== '' && field.value === '') field.value = suggestion;
      this.showLinking(link);
      document.getElementById('login-server').textContent = server === '' ? '' : `Server: ${server}`;
    }
    if (screen === this.screen || screen === 'loading') return;
    this.screen = screen;
    remember('parley.signedIn', screen === 'main' ? '1' : null);
    // The main screen shows with its first picture (main.js), so that nothing flashes.
    this.pictureIsDue = screen === 'main';
    if (screen === 'login') this.show('login');
    else {
      for (const form of Object.values(this.forms)) form.setBusy(false);
      this.forms.account.field.value = '';
      this.requestPicture();
    }
  }

  // This device is being linked: what to compare and to wait for, in place of the forms.
  showLinking({ step, text, signs }) {
    const card = document.getElementById('linking');
    const runs = step !== 'none' && step !== 'done';
    if (runs) {
      document.getElementById('linking-text').textContent =
        text || (step === 'compare' ? 'Compare these signs with those on your other device, and answer there.' : '');
      const list = document.getElementById('linking-signs');
      list.replaceChildren(...signs.map(signItem));
      list.hidden = signs.length === 0;
      document.getElementById('linking-end').textContent = step === 'failed' ? 'Try again' : 'Cancel';
    }
    if (card.hidden === !runs) return;
    card.hidden = !runs;
    this.shown.form.hidden = runs;
    if (runs) document.getElementById('linking-title').focus();
    else this.focusLogin();
  }

  show(screen) {
    this.root.dataset.screen = screen;
    this.setElsewhere(null);
    if (screen === 'login') this.focusLogin();
    if (screen === 'main' && this.login.contains(document.activeElement)) document.activeElement.blur();
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

function signItem([emoji, name]) {
  const item = document.createElement('li');
  const sign = document.createElement('span');
  sign.textContent = emoji;
  sign.setAttribute('aria-hidden', 'true');
  item.append(sign, name);
  return item;
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
