// What the system says about its person: theme, motion, contrast, clock, notifications.

const permissionNumbers = { default: 1, granted: 2, denied: 3 };

export class Preferences {
  constructor(bridge) {
    this.dark = matchMedia('(prefers-color-scheme: dark)');
    this.reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
    this.forced = matchMedia('(forced-colors: active)');
    for (const query of [this.dark, this.reducedMotion, this.forced]) {
      query.addEventListener('change', () => bridge.call('parley_preferences_changed'));
    }
    const platform = navigator.userAgentData?.platform ?? navigator.platform ?? '';
    this.mac = /mac|iphone|ipad/i.test(platform);
    const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();
    this.uses24Hours = hourCycle !== 'h12' && hourCycle !== 'h11';
  }

  // HostPreference of wasm/host.hpp.
  value(which) {
    switch (which) {
      case 0:
        return Number(this.dark.matches);
      case 1:
        return Number(this.reducedMotion.matches);
      case 2:
        return Number(this.mac);
      case 3:
        return Number(this.uses24Hours);
      case 4:
        return 'Notification' in window ? permissionNumbers[Notification.permission] : 0;
      default:
        return 0;
    }
  }

  // The system colours as 0xRRGGBB, or null when the person has not asked for them.
  forcedColors() {
    if (!this.forced.matches) return null;
    const names = ['Canvas', 'CanvasText', 'LinkText', 'Highlight', 'HighlightText', 'ButtonFace', 'ButtonText', 'GrayText'];
    const sample = document.createElement('span');
    sample.hidden = true;
    document.body.append(sample);
    const colors = names.map((name) => {
      sample.style.color = name;
      const [r, g, b] = getComputedStyle(sample).color.match(/\d+/g).map(Number);
      return (r << 16) | (g << 8) | b;
    });
    sample.remove();
    return colors;
  }
}
