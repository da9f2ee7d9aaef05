/**
 * Ties Electron's events of the app and of the system to the life machine and the window. Quitting is held back until the
 * machine is over: `before-quit` asks it, `will-quit` waits for its core. Windows emits neither when it ends (window.ts).
 */
import type { ElectronParts } from '../electron-parts.ts';
import type { Life } from './life.ts';

export interface SystemEventsOptions {
  electron: Pick<ElectronParts, 'app' | 'nativeTheme' | 'powerMonitor'>;
  life: Pick<Life, 'input' | 'ending' | 'over'>;
  showWindow: () => void;
  themeChanged: () => void;
  log: (message: string, fields: Record<string, unknown>) => void;
}

export function hearSystem({ electron, life, showWindow, themeChanged, log }: SystemEventsOptions): void {
  const { app, nativeTheme, powerMonitor } = electron;
  app.on('before-quit', (event) => {
    life.input({ type: 'quit' });
    if (!life.ending) event.preventDefault();
  });
  app.on('will-quit', (event) => {
    if (!life.over) event.preventDefault();
  });
  // Closing windows ends nothing here: the machine says when.
  app.on('window-all-closed', () => undefined);
  app.on('activate', showWindow);
  // The window's own process is watched in window.ts; the others are made again by Chromium.
  app.on('child-process-gone', (_event, { type, name, reason, exitCode }) => {
    if (reason !== 'clean-exit') log('a process of Chromium is gone', { type, name, reason, exitCode });
  });
  powerMonitor.on('resume', () => void life.input({ type: 'resume' }));
  powerMonitor.on('shutdown', () => void life.input({ type: 'system-ends' }));
  nativeTheme.on('updated', themeChanged);
}
