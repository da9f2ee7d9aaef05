/**
 * What a page may ask of the system: nothing but what the window needs, for our own page's main frame only
 * (architecture §16.3). One pure function for Electron's request and check handlers, which both say yes to everything
 * unless set.
 */
import type { Session } from 'electron';
import { isOurPage } from './urls.ts';

export type Permission = Parameters<NonNullable<Parameters<Session['setPermissionRequestHandler']>[0]>>[1];

const ALLOWED: ReadonlySet<string> = new Set<Permission>(['clipboard-sanitized-write', 'fullscreen']);

/** `page`: the address of the asking frame, as Electron tells it; null or empty where it does not know. */
export function mayHave(permission: Permission, page: string | null | undefined, isMainFrame: boolean): boolean {
  return ALLOWED.has(permission) && isMainFrame && typeof page === 'string' && isOurPage(page);
}

type Guarded = Pick<
  Session,
  | 'setPermissionRequestHandler'
  | 'setPermissionCheckHandler'
  | 'setDevicePermissionHandler'
  | 'setBluetoothPairingHandler'
  | 'setDisplayMediaRequestHandler'
  | 'setUSBProtectedClassesHandler'
>;

/** Sets every handler through which a page could get at the system. */
export function guardSession(session: Guarded): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    answer(mayHave(permission, details.requestingUrl, details.isMainFrame));
  });
  session.setPermissionCheckHandler((_contents, permission, origin, details) =>
    mayHave(permission, details.requestingUrl ?? origin, details.isMainFrame),
  );
  session.setDevicePermissionHandler(() => false);
  session.setBluetoothPairingHandler((_details, answer) => {
    answer({ confirmed: false });
  });
  session.setDisplayMediaRequestHandler((_request, answer) => {
    // An empty object would throw in this process where video was asked for (electron_browser_context.cc).
    answer(null);
  });
  session.setUSBProtectedClassesHandler(({ protectedClasses }) => protectedClasses);
}
