import { EventEmitter } from 'node:events';
import type { WebContents } from 'electron';
import { describe, expect, it } from 'vitest';
import { guardContents, webPreferences } from '../../../../electron/desktop/window/page-guards.ts';

describe('the guards of every page', () => {
  function guarded() {
    const opened: string[] = [];
    const contents = new EventEmitter() as EventEmitter & {
      open?: (details: { url: string }) => unknown;
      setWindowOpenHandler: (handler: (details: { url: string }) => unknown) => void;
    };
    contents.setWindowOpenHandler = (handler) => void (contents.open = handler);
    guardContents(contents as unknown as WebContents, {
      serverUrls: () => ['http://10.0.0.2:8188'],
      openExternal: (url) => opened.push(url),
    });
    const emit = (name: string, url: string, isMainFrame = true): boolean => {
      let prevented = false;
      contents.emit(name, { url, isMainFrame, preventDefault: () => void (prevented = true) });
      return prevented;
    };
    return { contents, opened, emit };
  }
  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])('%s: nowhere but our page', (name) => {
    const { emit } = guarded();
    expect(emit(name, 'app://ui/#history')).toBe(false);
    expect(emit(name, 'app://ui/#history', false)).toBe(true);
    for (const url of [
      'https://github.com/',
      'app://ui.evil/',
      'http://10.0.0.2:8188/',
      'about:blank',
      'data:text/html,x',
      'file:///etc/passwd',
      'javascript:1',
    ])
      expect(emit(name, url), url).toBe(true);
  });
  it('no new window, ever; a link to a known place opens outside', async () => {
    const { contents, opened } = guarded();
    for (const url of [
      'https://github.com/x',
      'http://10.0.0.2:8188/',
      'file:///etc/passwd',
      'https://evil.example/',
      'app://ui/',
      'about:blank',
    ])
      expect(contents.open?.({ url })).toEqual({ action: 'deny' });
    await new Promise(setImmediate);
    expect(opened).toEqual(['https://github.com/x', 'http://10.0.0.2:8188/']);
  });
  it('no webview', () => {
    expect(guarded().emit('will-attach-webview', '')).toBe(true);
  });
});

it('the page gets no Node, no remote module, no way around its sandbox', () => {
  expect(webPreferences('/preload.cjs', false)).toMatchInlineSnapshot(`
    {
      "allowRunningInsecureContent": false,
      "contextIsolation": true,
      "devTools": false,
      "navigateOnDragDrop": false,
      "nodeIntegration": false,
      "nodeIntegrationInSubFrames": false,
      "nodeIntegrationInWorker": false,
      "preload": "/preload.cjs",
      "sandbox": true,
      "spellcheck": false,
      "webSecurity": true,
      "webviewTag": false,
    }
  `);
});
