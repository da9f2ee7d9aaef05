/**
 * What every page meets before it is shown: the session's permissions, the guards of its contents, the app:// scheme. Set once,
 * before the first window is made. What each of them allows is decided in permissions.ts, urls.ts and protocol.ts.
 */
import type { Core } from '../../core/core.ts';
import type { ElectronParts } from '../electron-parts.ts';
import type { Marks } from '../marks.ts';
import { guardContents } from './page-guards.ts';
import { guardSession } from './permissions.ts';
import { createAppHandler, serveApp } from './protocol.ts';

export interface PageOptions {
  electron: Pick<ElectronParts, 'app' | 'protocol' | 'session' | 'shell'>;
  rendererDir: string;
  media: Core['media'];
  /** Addresses of the user's servers: their own pages may be opened outside. */
  serverUrls: () => readonly string[];
  marks: Pick<Marks, 'sync'>;
  log: Pick<Core['log'], 'warn' | 'error'>;
}

export function guardPages({ electron, rendererDir, media, serverUrls, marks, log }: PageOptions): void {
  const { app, protocol, session, shell } = electron;
  marks.sync('guards', () => {
    guardSession(session.defaultSession);
  });
  const openExternal = (url: string): void => {
    shell.openExternal(url).catch((error: unknown) => {
      log.warn('an address could not be opened', { error });
    });
  };
  app.on('web-contents-created', (_event, contents) => {
    guardContents(contents, { serverUrls, openExternal });
  });
  const handler = marks.sync('files', () =>
    createAppHandler({
      rendererDir,
      media,
      onBug: (error, where) => {
        log.error('an answer to the window failed', { where, error });
      },
    }),
  );
  serveApp(protocol, handler);
}
