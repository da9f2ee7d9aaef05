/**
 * The tray icon and its menu. Where the system tells that the menu is about to open, it is built then; on Linux, where it
 * can't be known, it is built again within a second of a change, and only when something in it changed. Decides no words.
 */
import type { Menu, MenuItemConstructorOptions, NativeImage, Tray } from 'electron';
import type { TrayAction, TrayGlyph, TrayItem, TrayModel } from './model.ts';
import { appText } from '../text.ts';

const REBUILD_MS = 1_000;

export interface TrayOptions {
  platform: NodeJS.Platform;
  makeTray: (image: NativeImage) => Tray;
  makeMenu: (template: MenuItemConstructorOptions[]) => Menu;
  image: (glyph: TrayGlyph) => NativeImage;
  model: () => TrayModel;
  act: (action: TrayAction) => void;
  /** Tests only. */
  now?: () => number;
  later?: (run: () => void, ms: number) => Disposable;
}

export class SwitchyardTray {
  readonly #options: TrayOptions;
  readonly #tray: Tray;
  #glyph: TrayGlyph;
  #tip = '';
  #shown = '';
  #builtAt: number | null = null;
  #waiting: Disposable | null = null;
  /** At the end things still change, and a destroyed tray throws. */
  #gone = false;

  constructor(options: TrayOptions) {
    this.#options = options;
    const model = options.model();
    this.#glyph = model.glyph;
    this.#tray = options.makeTray(options.image(model.glyph));
    const { platform } = options;
    // Left click opens the menu on macOS and the window elsewhere, as other programs there do. On Linux the click is what the
    // desktop sends as activation; where it opens the menu instead, none comes.
    this.#tray.on('click', () => {
      if (platform === 'darwin') this.#popUp();
      else options.act({ do: 'open', place: null });
    });
    if (platform === 'linux') this.#rebuild();
    else this.#tray.on('right-click', () => this.#popUp());
    this.changed();
  }

  /** Something the tray is made of changed. Cheap: may be called for every event. */
  changed(): void {
    if (this.#gone || this.#waiting !== null) return;
    const { platform, now = () => performance.now(), later = laterForReal } = this.#options;
    const sinceMs = this.#builtAt === null ? REBUILD_MS : now() - this.#builtAt;
    if (sinceMs >= REBUILD_MS) {
      this.#refresh(platform);
      return;
    }
    this.#waiting = later(() => {
      this.#waiting = null;
      this.#refresh(platform);
    }, REBUILD_MS - sinceMs);
  }

  /** The same glyph again: the bar it sits in has turned light or dark. */
  redraw(): void {
    if (!this.#gone) this.#tray.setImage(this.#options.image(this.#glyph));
  }

  [Symbol.dispose](): void {
    this.#gone = true;
    this.#waiting?.[Symbol.dispose]();
    this.#waiting = null;
    this.#tray.destroy();
  }

  #refresh(platform: NodeJS.Platform): void {
    const model = this.#options.model();
    this.#builtAt = (this.#options.now ?? (() => performance.now()))();
    if (model.glyph !== this.#glyph) {
      this.#glyph = model.glyph;
      this.#tray.setImage(this.#options.image(model.glyph));
    }
    const tip = appText.trayTip(model.status);
    if (tip !== this.#tip) {
      this.#tip = tip;
      this.#tray.setToolTip(tip);
    }
    if (platform === 'linux') this.#rebuild(model);
  }

  #rebuild(model = this.#options.model()): void {
    const shown = JSON.stringify(model.items);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#tray.setContextMenu(this.#menu(model));
  }

  #popUp(): void {
    this.#tray.popUpContextMenu(this.#menu(this.#options.model()));
  }

  #menu(model: TrayModel): Menu {
    return this.#options.makeMenu(trayTemplate(model.items, this.#options.act));
  }
}

/** The model as Electron's menu. Every entry keeps the action it was made with, ids and all, however long the menu stays open. */
export function trayTemplate(
  items: readonly TrayItem[],
  act: (action: TrayAction) => void,
): MenuItemConstructorOptions[] {
  return items.map((item): MenuItemConstructorOptions => {
    switch (item.type) {
      case 'separator':
        return { type: 'separator' };
      case 'line':
        return { label: escaped(item.label), enabled: false };
      case 'menu':
        return {
          id: item.id,
          label: escaped(item.label),
          enabled: item.enabled,
          submenu: trayTemplate(item.items, act),
        };
      case 'entry': {
        const { action } = item;
        return {
          id: item.id,
          label: escaped(item.label),
          enabled: item.enabled,
          click: () => {
            act(action);
          },
          // Shown beside the entry; the key itself is bound elsewhere, for the whole system.
          ...(item.accelerator === undefined ? {} : { accelerator: item.accelerator, registerAccelerator: false }),
        };
      }
    }
  });
}

/** `&` marks a key in a label: a title's own must be doubled. */
const escaped = (label: string): string => label.replaceAll('&', '&&');

function laterForReal(run: () => void, ms: number): Disposable {
  const timer = setTimeout(run, ms);
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}
