/** What main.ts and tests hand to the shell, and what they get back. Types only. */
import type { DesktopArguments } from '../desktop-arguments.ts';
import type { ElectronParts } from './electron-parts.ts';
import type { Marks } from './marks.ts';
import type { Run } from './tray/host.ts';
import type { Updater } from './notices/updates.ts';

export interface DesktopOptions {
  electron: ElectronParts;
  args: DesktopArguments;
  version: string;
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  words: readonly string[];
  /** Where the built window, the preload script and the icons are. */
  places: { rendererDir: string; preload: string; icons: string; resources: string };
  /** Built with a signing key. */
  signed: boolean;
  marks: Marks;
  loadUpdater: () => Promise<Updater>;
  /** Tests give their own bus. */
  runProgram?: Run;
  /** Written once the window can be used, with `--perf`. */
  perf: (line: string) => void;
  /** Told once, as early as it can be shown and ended in order: before its window, and before anybody can find it. */
  onUp: (desktop: Desktop) => void;
}

export interface Desktop {
  showWindow(): void;
  /** As the menu's Quit. */
  quit(): void;
  /** A signal or the system's end: nothing is asked. */
  systemEnds(): void;
}
