/** How the app ends where its starter must know why. Others than these are Electron's and the system's. */

/** Electron runs, Switchyard can't start; the reason was said. As sysexits' EX_SOFTWARE, which Electron never uses. */
export const CANT_START = 70;
