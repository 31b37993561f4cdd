// Copy, cut and paste: the system's events where they come, the clipboard interface for our own buttons.

export class Clipboard {
  constructor(bridge, stage, textAgent) {
    this.bridge = bridge;
    this.textAgent = textAgent;
    this.offered = null; // text for a copy command that we issue ourselves
    document.addEventListener('copy', (event) => this.take(event, 'parley_copy'));
    document.addEventListener('cut', (event) => this.take(event, 'parley_cut'));
    document.addEventListener('paste', (event) => {
      if (!isOurs(event, stage) || textAgent.focused) return; // the field takes it by itself
      const text = event.clipboardData?.getData('text/plain');
      if (!text) return;
      event.preventDefault();
      bridge.call('parley_paste', text);
    });
    this.stage = stage;
  }

  take(event, name) {
    if (this.offered !== null) {
      event.clipboardData.setData('text/plain', this.offered);
      event.preventDefault();
      return;
    }
    if (!isOurs(event, this.stage) || this.textAgent.hasSelection) return;
    const text = this.bridge.callForText(name);
    if (text === '') return;
    event.clipboardData.setData('text/plain', text);
    event.preventDefault();
  }

  async write(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Refused, or the page is not served securely: the older command works inside a click.
      this.offered = text;
      document.execCommand('copy');
      this.offered = null;
    }
  }

  async read() {
    try {
      this.bridge.call('parley_paste', await navigator.clipboard.readText());
    } catch {
      // The person said no. Ctrl+V still works.
    }
  }
}

function isOurs(event, stage) {
  return event.target === document.body || stage.contains(event.target);
}
