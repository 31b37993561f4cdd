// Starts the client: loads the module and the fonts, connects it to the page, keeps one tab in charge.
import { Clipboard } from './clipboard.js';
import { Glyphs } from './glyphs.js';
import { Input } from './input.js';
import { loadFiles } from './loader.js';
import { Loop } from './loop.js';
import { Mirror } from './mirror.js';
import { Owner } from './owner.js';
import { packBlobs } from './packet.js';
import { Page } from './page.js';
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
    this.owner = new Owner();
    this.running = false;
  }

  async run() {
    if (!this.page.root.dataset.capable) return; // boot.js has said why
    this.store.open().catch(() => {});
    const files = loadFiles((fraction) => this.page.setProgress(fraction));
    files.catch(() => {}); // handled below, maybe after a wait for the lock
    if (!(await this.owner.tryAcquire())) {
      const turn = this.owner.waitForTurn();
      this.page.showNotice(
        'Parley is open in another tab',
        'One tab at a time keeps the connection. This one takes over when the other is closed.',
        'Use here',
        () => this.owner.takeOver(),
      );
      await new Promise((resolve) => {
        this.owner.onAcquired = resolve;
        turn.then(resolve);
      });
      this.page.root.dataset.screen = 'loading';
    }
    this.owner.onLost = () => this.yieldToOtherTab();
    try {
      await this.start(await files);
    } catch (error) {
      this.failToLoad(error);
    }
  }

  async start({ module: createParley, wasm, fonts, version }) {
    const { bridge } = this;
    const stage = element('stage');
    const surface = new Surface(element('canvas'), element('insets'), bridge);
    const loop = new Loop(bridge, surface);
    const textAgent = new TextAgent(element('text-agent'), bridge);
    const host = {
      socket: this.socket,
      store: this.store,
      page: this.page,
      loop,
      glyphs: new Glyphs(bridge),
      preferences: new Preferences(bridge),
      textAgent,
      mirror: new Mirror(element('mirror'), bridge, textAgent, loop),
      input: new Input(stage, bridge, textAgent, loop),
      clipboard: new Clipboard(bridge, stage, textAgent),
    };
    this.loop = loop;
    const module = await createParley({
      host,
      canvas: element('canvas'),
      instantiateWasm: (imports, done) => {
        wasm(imports).then(
          ({ instance, module: compiled }) => done(instance, compiled),
          (error) => this.failToLoad(error),
        );
        return {};
      },
    });
    bridge.attach(module);
    fonts.forEach((bytes, index) => bridge.call('parley_font', index, bytes));
    const socketUrl = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
    surface.measure(); // the first picture has the right size
    const options = packBlobs([socketUrl, deviceName(), location.origin, location.pathname, version]);
    if (!bridge.call('parley_start', options)) {
      if (!bridge.stopped) this.page.showNotice(...noGraphics);
      bridge.stop();
      return;
    }
    this.running = true;
    surface.changed = () => loop.requestFrame();
    this.page.requestPicture = () => loop.requestFrame();
    loop.requestFrame();
    loop.onFrame = () => {
      if (this.page.pictureIsDrawn()) textAgent.regainFocus();
    };
    this.watchWorld();
    this.page.clientIsReady();
  }

  watchWorld() {
    const { bridge } = this;
    const focus = () => bridge.call('parley_focus', document.hasFocus() && !document.hidden);
    for (const type of ['focus', 'blur']) window.addEventListener(type, focus);
    document.addEventListener('visibilitychange', focus);
    focus();
    window.addEventListener('online', () => bridge.call('parley_network', true));
    window.addEventListener('offline', () => bridge.call('parley_network', false));
    navigator.serviceWorker?.addEventListener('message', ({ data }) => {
      if (typeof data?.open === 'string') this.page.goTo(data.open);
    });
  }

  async yieldToOtherTab() {
    this.stop();
    await this.store.settled();
    this.page.showNotice(
      'Parley is open in another tab',
      'The conversation goes on there. Nothing is lost: everything written here is kept.',
      'Use here',
      () => this.owner.takeOver(),
    );
    // Once more in charge, everything starts from the store, which the other tab has changed.
    this.owner.onAcquired = () => location.reload();
    if (navigator.locks) setTimeout(() => this.owner.waitForTurn(), 0);
  }

  stop() {
    this.running = false;
    this.bridge.stop();
    this.loop?.stop();
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
if (window.isSecureContext) navigator.serviceWorker?.register('/sw.js').catch(() => {});

// For tests and for people with the console open.
window.__parley = {
  stats: () => app.bridge.statistics(),
};
