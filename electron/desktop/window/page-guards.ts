/** What every page of the app is made with and kept in: no Node, no window of its own, nowhere to go but our page. */
import type { BrowserWindowConstructorOptions, WebContents } from 'electron';
import { externalUrl, mayNavigate } from './urls.ts';

/** Written out in full: a default that changes in a newer Electron must not change ours. */
export function webPreferences(
  preload: string,
  devTools: boolean,
): NonNullable<BrowserWindowConstructorOptions['webPreferences']> {
  return {
    preload,
    devTools,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webviewTag: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    navigateOnDragDrop: false,
    spellcheck: false,
  };
}

/** Guards for everything that shows a page, ours or not: to be set on every `web-contents-created`. */
export function guardContents(
  contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>,
  options: { serverUrls: () => readonly string[]; openExternal: (url: string) => void },
): void {
  const outside = (url: string): void => {
    const allowed = externalUrl(url, options.serverUrls());
    // Not in the middle of the page's own call.
    if (allowed !== null)
      setImmediate(() => {
        options.openExternal(allowed);
      });
  };
  contents.setWindowOpenHandler(({ url }) => {
    outside(url);
    return { action: 'deny' };
  });
  contents.on('will-navigate', (details) => {
    if (mayNavigate(details.url, details.isMainFrame)) return;
    details.preventDefault();
    outside(details.url);
  });
  contents.on('will-frame-navigate', (details) => {
    if (!mayNavigate(details.url, details.isMainFrame)) details.preventDefault();
  });
  contents.on('will-redirect', (details) => {
    if (!mayNavigate(details.url, details.isMainFrame)) details.preventDefault();
  });
  contents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
}
