// Starts the client: loads the module and the fonts, connects it to the page, keeps one tab in charge.
import { Clipboard } from './clipboard.js';
import { Glyphs } from './glyphs.js';
import { Input } from './input.js';
import { loadFiles } from './loader.js';
import { Loop } from './loop.js';
import { Mirror } from './mirror.js';
import { Owner } from './owner.js';
import { packBlobs } from './packet.js';
import { Page, placeOf } from './page.js';
import { Preferences } from './preferences.js';
import { Socket } from './socket.js';
import { Store } from './store.js';
import { Surface } from './surface.js';
import { TextAgent } from './text_agent.js';
import { WasmBridge } from './wasm_bridge.js';

const element = (id) => document.getElementById(id);

class App {
  constructor() {
    this.bridge = new WasmBridge((error) => this.fail(error));
    this.page = new Page(this.bridge);
    this.store = new Store(this.bridge);
    this.socket = new Socket(this.bridge);
    this.owner = new Owner({
      taking: () => this.page.setElsewhere('ending'),
      taken: () => this.start(),
      lost: () => this.letGo(),
      following: () => this.page.setElsewhere('active'),
    });
    this.turn = 0; // grows with every start and end, so that what is late can tell
    this.files = null;
    this.host = null;
    this.cached = false;
  }

  run() {
    if (!this.page.root.dataset.capable) return; // boot.js has said why
    this.store.open().catch(() => {});
    this.files = loadFiles((fraction) => this.page.setProgress(fraction));
    this.files.catch(() => {}); // start() tells
    element('elsewhere-button').onclick = () => this.owner.take();
    this.owner.begin();
  }

  // A new client on this page; the first, or the next after another tab was in use.
  async start() {
    const turn = ++this.turn;
    this.page.expectClient();
    try {
      const files = await this.files;
      if (turn !== this.turn) return;
      if (!this.host) this.furnish();
      const [module, storeKey] = await Promise.all([this.instantiate(files), this.store.key()]);
      if (turn === this.turn) this.open(module, files, storeKey);
    } catch (error) {
      this.failToLoad(error);
    }
  }

  // What the clients of this page work with, one after the other.
  furnish() {
    const { bridge, page, socket, store } = this;
    const stage = element('stage');
    const surface = new Surface(element('canvas'), element('insets'), bridge);
    const loop = new Loop(bridge, surface);
    const textAgent = new TextAgent(element('text-agent'), bridge);
    this.host = {
      socket,
      store,
      page,
      loop,
      glyphs: new Glyphs(bridge),
      preferences: new Preferences(bridge),
      textAgent,
      mirror: new Mirror(element('mirror'), bridge, textAgent, loop),
      input: new Input(stage, bridge, textAgent, loop),
      clipboard: new Clipboard(bridge, stage, textAgent),
    };
    surface.changed = () => loop.requestFrame();
    page.requestPicture = () => loop.requestFrame();
    loop.isDrawable = () => page.isDrawable;
    loop.onFrame = () => {
      if (page.pictureIsDrawn()) textAgent.regainFocus();
    };
    this.watchWorld();
  }

  instantiate({ module: createParley, wasm }) {
    return new Promise((resolve, reject) => {
      createParley({
        host: this.host,
        canvas: element('canvas'),
        instantiateWasm: (imports, done) => {
          wasm(imports).then(({ instance, module }) => done(instance, module), reject);
          return {};
        },
      }).then(resolve, reject);
    });
  }

  open(module, { fonts, version }, storeKey) {
    const { bridge, host } = this;
    host.mirror.clear();
    bridge.attach(module);
    fonts.forEach((bytes, index) => bridge.call('parley_font', index, bytes));
    const socketUrl = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
    host.loop.start();
    const options = packBlobs([socketUrl, deviceName(), location.origin, placeOf(location), version, storeKey]);
    if (!bridge.call('parley_start', options)) {
      if (!bridge.stopped) this.page.showNotice(...noGraphics);
      this.stop();
      return;
    }
    this.tellFocus();
    host.loop.requestFrame();
    this.page.clientIsReady();
    this.cacheApp();
  }

  // Not sooner: its downloads and its start would slow down the first picture.
  cacheApp() {
    if (this.cached || !window.isSecureContext) return;
    this.cached = true;
    navigator.serviceWorker?.register('/sw.js').catch(() => {});
  }

  tellFocus() {
    this.bridge.call('parley_focus', document.hasFocus() && !document.hidden);
  }

  watchWorld() {
    const { bridge } = this;
    for (const type of ['focus', 'blur']) window.addEventListener(type, () => this.tellFocus());
    document.addEventListener('visibilitychange', () => this.tellFocus());
    window.addEventListener('online', () => bridge.call('parley_network', true));
    window.addEventListener('offline', () => bridge.call('parley_network', false));
    navigator.serviceWorker?.addEventListener('message', ({ data }) => {
      if (typeof data?.open === 'string') this.page.goTo(data.open);
    });
  }

  // Another tab is in use from now on.
  async letGo() {
    this.bridge.call('parley_focus', false); // the client saves what it has put off, drafts above all
    this.stop();
    await this.store.settled();
  }

  stop() {
    this.turn++;
    this.bridge.stop();
    this.host?.loop.stop();
    this.host?.textAgent.release();
    this.socket.closeAll();
  }

  fail(error) {
    console.error(error);
    this.stop();
    this.page.showNotice(
      'Parley stopped unexpectedly',
      'Your messages are kept on this device. Reload to go on; what was not sent yet is sent then.',
      'Reload',
      () => location.reload(),
    );
  }

  failToLoad(error) {
    console.error(error);
    this.page.showNotice(
      'Parley could not be loaded',
      navigator.onLine
        ? 'A part of the app did not arrive from the server. Check the connection and try again.'
        : 'This device is offline, and this browser has no copy of the app yet. Try again when it is online.',
      'Try again',
      () => location.reload(),
    );
  }
}

const noGraphics = [
  'Parley needs WebGL 2',
  'This browser does not offer it, or it is switched off. Turn on hardware acceleration in its settings, ' +
    'or use a current Firefox, Chrome, Edge or Safari.',
  'Try again',
  () => location.reload(),
];

// What the list of devices calls this one. The first mark found counts: Edge also says Chrome, and so on.
const browserMarks = [
  ['Edg/', 'Edge'], ['Firefox/', 'Firefox'], ['OPR/', 'Opera'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari'],
];
const systemMarks = [
  ['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac', 'macOS'],
  ['CrOS', 'ChromeOS'], ['Linux', 'Linux'],
];

function deviceName() {
  const named = (marks) => marks.find(([mark]) => navigator.userAgent.includes(mark))?.[1];
  const system = named(systemMarks);
  const browser = named(browserMarks) ?? 'Browser';
  return system ? `${browser} on ${system}` : browser;
}

const app = new App();
app.run();

// For tests and for people with the console open.
window.__parley = {
  stats: () => app.bridge.statistics(),
};
